package io.kiln.cpu.tile;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.cpu.EngineThreads;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.op.Cast;
import io.kiln.op.Dispatch;
import io.kiln.op.index.ArgSort;
import io.kiln.op.index.Gather;
import io.kiln.op.index.GatherAlong;
import io.kiln.op.index.ScatterAdd;
import io.kiln.op.index.TopK;
import io.kiln.op.reduce.ArgMax;
import io.kiln.op.reduce.ArgMin;
import io.kiln.op.reduce.CumulativeSum;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class AxisKernelsTest {
    private static final DType[] TYPES = {
        DType.FLOAT32, DType.FLOAT64, DType.FLOAT16, DType.INT32, DType.INT64, DType.UINT8
    };

    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open();
    }

    @AfterEach
    void close() {
        scope.close();
        EngineThreads.set(1);
    }

    private static NDArray random(DType type, long... dims) {
        Random random = new Random(9);
        Shape shape = Shape.of(dims);
        double[] v = new double[(int) shape.size()];
        for (int i = 0; i < v.length; i++) {
            v[i] = random.nextInt(9);
        }
        return Dispatch.one(new Cast(type), NDArray.of(shape, v));
    }

    private static double[] row(NDArray x, int axis, int a, int b) {
        double[] r = new double[(int) x.shape().dim(axis)];
        for (int i = 0; i < r.length; i++) {
            r[i] = axis == 0 ? x.get(i, a, b) : axis == 1 ? x.get(a, i, b) : x.get(a, b, i);
        }
        return r;
    }

    private interface RowCheck {
        void run(double[] x, double[] y);
    }

    private static void eachRow(NDArray x, NDArray y, int axis, RowCheck check) {
        for (int a = 0; a < x.shape().dim(axis == 0 ? 1 : 0); a++) {
            for (int b = 0; b < x.shape().dim(axis == 2 ? 1 : 2); b++) {
                check.run(row(x, axis, a, b), row(y, axis, a, b));
            }
        }
    }

    @Test
    void extremesAreFoundWhereTheyFirstStand() {
        for (DType type : TYPES) {
            for (NDArray x :
                    new NDArray[] {random(type, 3, 5, 7), random(type, 7, 5, 3).transpose()}) {
                for (int axis = 0; axis < 3; axis++) {
                    eachRow(x, Dispatch.one(new ArgMax(axis, true), x), axis, (in, out) -> {
                        double max = Arrays.stream(in).max().orElseThrow();
                        assertEquals(
                                IntStream.range(0, in.length)
                                        .filter(i -> in[i] == max)
                                        .findFirst()
                                        .orElseThrow(),
                                out[0]);
                    });
                    eachRow(x, Dispatch.one(new ArgMin(axis, true), x), axis, (in, out) -> {
                        double min = Arrays.stream(in).min().orElseThrow();
                        assertEquals(
                                IntStream.range(0, in.length)
                                        .filter(i -> in[i] == min)
                                        .findFirst()
                                        .orElseThrow(),
                                out[0]);
                    });
                }
            }
        }
    }

    @Test
    void theFirstNaNIsTheExtreme() {
        NDArray x = NDArray.of(1f, Float.NaN, 9f, Float.NaN);
        assertEquals(1, Dispatch.one(new ArgMax(0, false), x).item());
        assertEquals(1, Dispatch.one(new ArgMin(0, false), x).item());
    }

    @Test
    void runningSumsGoBothWaysWithAndWithoutTheElementItself() {
        for (DType type : TYPES) {
            for (NDArray x :
                    new NDArray[] {random(type, 3, 5, 7), random(type, 7, 5, 3).transpose()}) {
                for (int axis = 0; axis < 3; axis++) {
                    for (int mode = 0; mode < 4; mode++) {
                        boolean exclusive = mode % 2 == 1;
                        boolean reverse = mode > 1;
                        NDArray y = Dispatch.one(new CumulativeSum(axis, exclusive, reverse), x);
                        eachRow(x, y, axis, (in, out) -> assertArrayEquals(running(in, exclusive, reverse), out));
                    }
                }
            }
        }
    }

    private static double[] running(double[] x, boolean exclusive, boolean reverse) {
        double[] y = new double[x.length];
        for (int i = 0; i < x.length; i++) {
            for (int j = 0; j < x.length; j++) {
                boolean in = j == i ? !exclusive : reverse ? j > i : j < i;
                y[i] += in ? x[j] : 0;
            }
        }
        return y;
    }

    @Test
    void longRunningSumsAreCarriedFromTileToTile() {
        int n = 10_000;
        float[] v = new float[n];
        Arrays.fill(v, 0.1f);
        float[] y = Dispatch.one(new CumulativeSum(0, false, true), NDArray.of(Shape.of(n), v))
                .toFloatArray();
        assertEquals((float) (n * (double) 0.1f), y[0], 1e-4);
        assertEquals(0.1f, y[n - 1]);
    }

    @Test
    void theFirstFewAreThoseOfTheWholeOrder() {
        for (DType type : TYPES) {
            NDArray x = random(type, 70, 5, 3).transpose();
            for (int axis = 0; axis < 3; axis++) {
                for (boolean largest : new boolean[] {false, true}) {
                    for (long k : new long[] {0, 1, 2, 3, 64, 65}) {
                        if (k > x.shape().dim(axis)) {
                            continue;
                        }
                        NDArray[] got = Dispatch.run(new TopK(k, axis, largest), x);
                        NDArray order =
                                Dispatch.one(new ArgSort(axis, largest), x).slice(axis, 0, k);
                        assertArrayEquals(order.copy().toLongArray(), got[1].toLongArray());
                        assertArrayEquals(
                                Dispatch.one(new GatherAlong(axis), x, order.copy())
                                        .toDoubleArray(),
                                got[0].toDoubleArray());
                    }
                }
            }
        }
        NDArray odd = NDArray.of(0f, Float.NaN, -0f, 7f, Float.NaN, Float.NEGATIVE_INFINITY);
        assertArrayEquals(new long[] {1, 4, 3, 0}, Dispatch.run(new TopK(4, 0, true), odd)[1].toLongArray());
    }

    @Test
    void longRowsAreSortedByEveryByte() {
        int n = 20_000;
        Random random = new Random(5);
        long[] whole = new long[n];
        double[] real = new double[n];
        for (int i = 0; i < n; i++) {
            whole[i] = random.nextLong() >> random.nextInt(64);
            real[i] = Double.longBitsToDouble(random.nextLong());
        }
        long[] byWhole = IntStream.range(0, n)
                .boxed()
                .sorted(Comparator.comparingLong(i -> whole[i]))
                .mapToLong(i -> i)
                .toArray();
        assertArrayEquals(
                byWhole,
                Dispatch.one(new ArgSort(0, false), NDArray.of(Shape.of(n), whole))
                        .toLongArray());
        long[] byReal = IntStream.range(0, n)
                .boxed()
                .sorted(Comparator.comparingDouble(i -> Double.isNaN(real[i]) ? Double.NaN : real[i] + 0.0))
                .mapToLong(i -> i)
                .toArray();
        assertArrayEquals(
                byReal,
                Dispatch.one(new ArgSort(0, false), NDArray.of(Shape.of(n), real))
                        .toLongArray());
    }

    @Test
    void sortingIsStableWithNaNLast() {
        for (DType type : TYPES) {
            for (NDArray x :
                    new NDArray[] {random(type, 3, 5, 7), random(type, 70, 5, 3).transpose()}) {
                for (int axis = 0; axis < 3; axis++) {
                    for (boolean descending : new boolean[] {false, true}) {
                        NDArray y = Dispatch.one(new ArgSort(axis, descending), x);
                        eachRow(x, y, axis, (in, out) -> {
                            Comparator<Integer> order = Comparator.comparingDouble(i -> descending ? -in[i] : in[i]);
                            double[] want = IntStream.range(0, in.length)
                                    .boxed()
                                    .sorted(order)
                                    .mapToDouble(i -> i)
                                    .toArray();
                            assertArrayEquals(want, out);
                        });
                    }
                }
            }
        }
        NDArray odd = NDArray.of(0f, Float.NaN, -0f, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, Float.NaN, -1f);
        assertArrayEquals(
                new long[] {4, 6, 0, 2, 3, 1, 5},
                Dispatch.one(new ArgSort(0, false), odd).toLongArray());
        assertArrayEquals(
                new long[] {1, 5, 3, 0, 2, 6, 4},
                Dispatch.one(new ArgSort(0, true), odd).toLongArray());
    }

    @Test
    void gatherTakesEntriesOfEveryAxisAndType() {
        NDArray index = NDArray.of(Shape.of(2, 2), 1, 0, 2, 1);
        for (DType type : TYPES) {
            for (NDArray x :
                    new NDArray[] {random(type, 3, 4, 5), random(type, 5, 4, 3).transpose()}) {
                for (int axis = 0; axis < 3; axis++) {
                    NDArray y = Dispatch.one(new Gather(axis), x, index);
                    int[] at = new int[4];
                    for (at[0] = 0; at[0] < y.shape().dim(0); at[0]++) {
                        for (at[1] = 0; at[1] < y.shape().dim(1); at[1]++) {
                            for (at[2] = 0; at[2] < y.shape().dim(2); at[2]++) {
                                for (at[3] = 0; at[3] < y.shape().dim(3); at[3]++) {
                                    long i = (long) index.get(at[axis], at[axis + 1]);
                                    double want = axis == 0
                                            ? x.get(i, at[2], at[3])
                                            : axis == 1 ? x.get(at[0], i, at[3]) : x.get(at[0], at[1], i);
                                    assertEquals(want, y.get(at[0], at[1], at[2], at[3]));
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    @Test
    void scatterAddAddsEveryUpdateInOrder() {
        int n = 6;
        NDArray index = NDArray.of(Shape.of(5), 4L, 1L, 4L, 0L, 4L);
        for (DType type : TYPES) {
            for (long inner : new long[] {1, 3, 1500}) {
                NDArray x = random(type, 2, n, inner);
                NDArray u = random(type, 2, 5, inner);
                NDArray y = Dispatch.one(new ScatterAdd(1), x, index, u);
                double[] want = x.toDoubleArray();
                double[] updates = u.toDoubleArray();
                for (int i = 0; i < updates.length; i++) {
                    int column = (int) (i % inner);
                    int k = (int) (i / inner % 5);
                    int outer = (int) (i / inner / 5);
                    want[(int) ((outer * n + (long) index.get(k)) * inner + column)] += updates[i];
                }
                assertArrayEquals(want, y.toDoubleArray(), type + " " + inner);
                EngineThreads.set(3);
                assertArrayEquals(
                        want, Dispatch.one(new ScatterAdd(1), x, index, u).toDoubleArray());
                EngineThreads.set(1);
            }
        }
    }

    @Test
    void indicesOutsideAreRefusedWithTheirValue() {
        NDArray x = random(DType.FLOAT32, 3, 2);
        for (int wrong : new int[] {-1, 3}) {
            IndexOutOfBoundsException e = assertThrows(
                    IndexOutOfBoundsException.class,
                    () -> Dispatch.one(new Gather(0), x, NDArray.of(Shape.of(1), new int[] {wrong})));
            assertTrue(e.getMessage().contains("from 0 to 2, got " + wrong), e.getMessage());
        }
    }

    @Test
    void emptyAxesAndNoIndicesWork() {
        NDArray x = random(DType.FLOAT32, 3, 0);
        assertEquals(0, Dispatch.one(new CumulativeSum(1, false, false), x).size());
        assertEquals(0, Dispatch.one(new ArgSort(1, false), x).size());
        NDArray none = NDArray.of(Shape.of(0), new long[0]);
        assertEquals(
                Shape.of(0, 2),
                Dispatch.one(new Gather(0), random(DType.FLOAT32, 3, 2), none).shape());
        NDArray same = random(DType.FLOAT32, 3, 2);
        NDArray sum = Dispatch.one(new ScatterAdd(0), same, none, random(DType.FLOAT32, 0, 2));
        assertArrayEquals(same.toFloatArray(), sum.toFloatArray());
    }
}
