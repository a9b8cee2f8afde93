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
import java.util.List;
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

    private static long[] join(long[] batch, long rows, long columns) {
        long[] all = new long[batch.length + 2];
        System.arraycopy(batch, 0, all, 0, batch.length);
        all[batch.length] = rows;
        all[batch.length + 1] = columns;
        return all;
    }
}
