package io.kiln.cpu.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.op.random.RandomGenerator;
import io.kiln.op.random.RandomOps;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Products of matrices that are cut out of larger arrays: what lies beside them, which is NaN here, must not reach the result.
 * Sizes of 1 are the hard ones, because strides of such axes mean nothing.
 */
class ProductsOfSlicesTest {
    /** Views of a shape: whole, cut along each of the two last axes, and the same with these axes exchanged. */
    private static List<NDArray> views(long... dims) {
        List<NDArray> views = new ArrayList<>();
        int r = dims.length;
        NDArray values = RandomOps.normal(Shape.of(dims), 0, 1, DType.FLOAT32);
        for (boolean turned : new boolean[] {false, true}) {
            for (long[] more : new long[][] {{0, 0}, {2, 0}, {0, 3}, {2, 3}}) {
                long[] whole = dims.clone();
                whole[r - 2] = dims[turned ? r - 1 : r - 2] + more[0];
                whole[r - 1] = dims[turned ? r - 2 : r - 1] + more[1];
                NDArray x = NDArray.full(Shape.of(whole), Double.NaN, DType.FLOAT32)
                        .slice(r - 2, more[0] / 2, whole[r - 2] - more[0] / 2)
                        .slice(r - 1, more[1], whole[r - 1]);
                int[] exchange = new int[r];
                for (int i = 0; i < r; i++) {
                    exchange[i] = i < r - 2 ? i : 2 * r - 3 - i;
                }
                NDArray view = turned ? x.transpose(exchange) : x;
                view.assign(values);
                views.add(view);
            }
        }
        return views;
    }

    private static double[] product(NDArray a, NDArray b) {
        long m = a.shape().dim(-2);
        long k = a.shape().dim(-1);
        long n = b.shape().dim(-1);
        double[] x = a.toDoubleArray();
        double[] y = b.toDoubleArray();
        double[] z = new double[(int) (x.length / k * n)];
        for (int at = 0; at < z.length; at++) {
            int batch = (int) (at / (m * n));
            int row = (int) (at / n % m);
            int column = (int) (at % n);
            for (int i = 0; i < k; i++) {
                z[at] += x[(int) ((batch * m + row) * k + i)] * y[(int) ((batch * k + i) * n + column)];
            }
        }
        return z;
    }

    @ParameterizedTest
    @CsvSource({"1,1,6", "6,1,1", "6,1,6", "1,6,1", "1,1,1", "2,1,3", "20,1,33", "1,33,20", "33,20,1", "17,5,9"})
    void nothingBesideThemReachesTheResult(long m, long k, long n) {
        RandomGenerator.seed(m + 10 * k + 100 * n);
        for (long[] batch : new long[][] {{}, {3}, {2, 4}}) {
            try (Scope scope = Scope.open()) {
                for (NDArray a : views(join(batch, m, k))) {
                    for (NDArray b : views(join(batch, k, n))) {
                        double[] got = a.matmul(b).toDoubleArray();
                        assertArrayEquals(
                                product(a, b),
                                got,
                                1e-4,
                                a.spec() + Arrays.toString(a.strides()) + " by " + b.spec()
                                        + Arrays.toString(b.strides()));
                    }
                }
            }
        }
    }

    /** Batch axes in any order in memory, cut out of larger ones or not, and repeated in one operand or not. */
    @ParameterizedTest
    @CsvSource({"FLOAT32", "BFLOAT16"})
    void ofManyBatchAxes(DType type) {
        Random random = new Random(7);
        long[] sizes = {1, 2, 3, 4, 6, 8};
        for (int n = 0; n < 3000; n++) {
            long[] a = random.longs(4, 0, sizes.length).map(i -> sizes[(int) i]).toArray();
            long[] b = {a[0], a[1], a[3], sizes[random.nextInt(sizes.length)]};
            (random.nextBoolean() ? a : b)[random.nextInt(2)] = 1;
            try (Scope scope = Scope.open()) {
                NDArray left = scattered(random, type, a);
                NDArray right = scattered(random, type, b);
                NDArray wanted =
                        left.copy().cast(DType.FLOAT64).matmul(right.copy().cast(DType.FLOAT64));
                assertArrayEquals(
                        wanted.toDoubleArray(),
                        left.matmul(right).toDoubleArray(),
                        left.spec() + Arrays.toString(left.strides()) + " by " + right.spec()
                                + Arrays.toString(right.strides()));
            }
        }
    }

    /** Small whole numbers with axes in a random order in memory and, at times, NaN beside them. */
    private static NDArray scattered(Random random, DType type, long... dims) {
        List<Integer> order = new ArrayList<>(List.of(0, 1, 2, 3));
        if (random.nextBoolean()) {
            Collections.shuffle(order, random);
        }
        int cut = random.nextInt(2 * dims.length);
        long[] whole = new long[dims.length];
        int[] back = new int[dims.length];
        for (int i = 0; i < whole.length; i++) {
            whole[i] = dims[order.get(i)] + (order.get(i) == cut ? 2 : 0);
            back[order.get(i)] = i;
        }
        NDArray x = NDArray.full(Shape.of(whole), Double.NaN, type).transpose(back);
        x = cut < dims.length ? x.slice(cut, 0, dims[cut]) : x;
        double[] values = random.ints(x.size(), -4, 5).asDoubleStream().toArray();
        x.assign(NDArray.of(Shape.of(dims), values).cast(type));
        return x;
    }

    private static long[] join(long[] batch, long rows, long columns) {
        long[] all = new long[batch.length + 2];
        System.arraycopy(batch, 0, all, 0, batch.length);
        all[batch.length] = rows;
        all[batch.length + 1] = columns;
        return all;
    }
}
