package io.kiln.cpu.tile;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.backend.KernelPlan;
import io.kiln.cpu.EngineThreads;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.Cast;
import io.kiln.op.Dispatch;
import io.kiln.op.shape.Transpose;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Tag("core")
class ReductionKernelsTest {
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
        Random random = new Random(5);
        Shape shape = Shape.of(dims);
        double[] v = new double[(int) shape.size()];
        for (int i = 0; i < v.length; i++) {
            v[i] = type.isFloating() ? random.nextGaussian() + 0.5 : random.nextInt(7) - 3;
        }
        return Dispatch.one(new Cast(type), NDArray.of(shape, v));
    }

    private static Spec spec(NDArray x, List<Long> axes, boolean keep, DType type) {
        List<Long> d = new ArrayList<>();
        for (int i = 0; i < x.shape().rank(); i++) {
            boolean gone = axes.isEmpty() || axes.contains((long) i);
            if (!gone || keep) {
                d.add(gone ? 1 : x.shape().dim(i));
            }
        }
        return new Spec(Shape.of(d), type);
    }

    private static NDArray reduce(Folder.Kind kind, NDArray x, List<Long> axes, boolean keep) {
        boolean real = kind == Folder.Kind.MEAN || kind == Folder.Kind.NORM1 || kind == Folder.Kind.NORM2;
        DType type = real && !x.dtype().isFloating() ? DType.FLOAT32 : x.dtype();
        Spec result = spec(x, axes, keep, type);
        KernelPlan plan = ReductionKernels.plan(kind, x.layout(), axes, result);
        NDArray y = NDArray.empty(x.backend(), plan.layout(0, result));
        plan.run(x.backend(), new NDArray[] {x}, new NDArray[] {y});
        return y;
    }

    /** Reference in float64, one element after the other. */
    private static double[] plain(Folder.Kind kind, NDArray x, List<Long> axes) {
        double[] v = x.toDoubleArray();
        Spec y = spec(x, axes, true, x.dtype());
        double[] r = new double[(int) y.shape().size()];
        java.util.Arrays.fill(r, kind.neutral());
        long[] strides = y.shape().contiguousStrides();
        long count = v.length / Math.max(1, r.length);
        for (int i = 0; i < v.length; i++) {
            int rest = i;
            int at = 0;
            for (int k = strides.length - 1; k >= 0; k--) {
                int index = rest % (int) x.shape().dim(k);
                rest /= (int) x.shape().dim(k);
                at += y.shape().dim(k) == 1 ? 0 : index * (int) strides[k];
            }
            r[at] = switch (kind) {
                case SUM, MEAN -> r[at] + v[i];
                case NORM1 -> r[at] + Math.abs(v[i]);
                case NORM2 -> r[at] + v[i] * v[i];
                case PROD -> r[at] * v[i];
                case MAX -> Math.max(r[at], v[i]);
                case MIN -> Math.min(r[at], v[i]);
            };
        }
        for (int i = 0; i < r.length; i++) {
            r[i] = kind == Folder.Kind.MEAN ? r[i] / count : kind == Folder.Kind.NORM2 ? Math.sqrt(r[i]) : r[i];
        }
        return r;
    }

    private static void compare(Folder.Kind kind, NDArray x, List<Long> axes, boolean keep) {
        double[] want = plain(kind, x, axes);
        double[] scale = plain(Folder.Kind.NORM1, x, axes);
        double[] got = reduce(kind, x, axes, keep).toDoubleArray();
        assertEquals(want.length, got.length);
        for (int i = 0; i < got.length; i++) {
            double precision = x.dtype() == DType.FLOAT64 ? 1e-14 : x.dtype() == DType.FLOAT32 ? 4e-7 : 0;
            double size = kind == Folder.Kind.PROD || kind == Folder.Kind.NORM2 ? Math.abs(want[i]) : scale[i];
            double expected = x.dtype() == DType.FLOAT32 ? (float) want[i] : want[i];
            assertEquals(
                    expected,
                    got[i],
                    precision * size + Float.MIN_VALUE,
                    kind + " of " + x.spec() + " over " + axes + " at " + i);
        }
    }

    @ParameterizedTest
    @EnumSource(Folder.Kind.class)
    void anyAxesOfAnyLayoutGiveThePlainResult(Folder.Kind kind) {
        List<List<Long>> choices = List.of(
                List.of(), List.of(0L), List.of(1L), List.of(2L), List.of(3L), List.of(0L, 2L, 3L), List.of(1L, 3L));
        for (DType type : new DType[] {DType.FLOAT32, DType.FLOAT64}) {
            NDArray small = random(type, 3, 2, 5, 4);
            NDArray large = random(type, 7, 33, 13, 19);
            NDArray manyColumns = random(type, 5, 3, 1, 3000);
            for (NDArray x : new NDArray[] {small, large, manyColumns}) {
                NDArray last = Dispatch.one(new Transpose(List.of(0L, 3L, 1L, 2L)), x);
                NDArray some = x.view(
                        Shape.of(
                                x.shape().dim(0), 2, x.shape().dim(2), x.shape().dim(3) / 2),
                        new long[] {x.strides()[0], x.strides()[1], x.strides()[2], 2},
                        1);
                for (List<Long> axes : choices) {
                    compare(kind, x, axes, true);
                    compare(kind, last, axes, false);
                    compare(kind, some, axes, true);
                    compare(kind, x.transpose(), axes, false);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Folder.Kind.class,
            names = {"SUM", "PROD", "MAX", "MIN"})
    void integersReduceExactly(Folder.Kind kind) {
        for (DType type : new DType[] {DType.INT32, DType.INT64}) {
            NDArray x = random(type, 4, 6, 3);
            for (List<Long> axes : List.of(List.<Long>of(), List.of(0L), List.of(2L))) {
                compare(kind, x, axes, true);
            }
        }
        NDArray big = NDArray.of(Shape.of(2), (1L << 60) + 1, 1L);
        assertEquals(
                (1L << 60) + 2, reduce(Folder.Kind.SUM, big, List.of(), false).toLongArray()[0]);
    }

    @Test
    void reducingBroadcastArraysCountsEveryRepetition() {
        NDArray x = random(DType.FLOAT32, 5).broadcastTo(Shape.of(300, 5));
        compare(Folder.Kind.SUM, x, List.of(0L), false);
        compare(Folder.Kind.SUM, x, List.of(1L), false);
        compare(Folder.Kind.MEAN, x, List.of(), false);
    }

    @Test
    void noElementsGiveTheNeutralElementAndTheMeanNaN() {
        NDArray x = NDArray.empty(Shape.of(3, 0, 2), DType.FLOAT32);
        assertArrayEquals(
                new double[6], reduce(Folder.Kind.SUM, x, List.of(1L), false).toDoubleArray());
        assertEquals(1, reduce(Folder.Kind.PROD, x, List.of(), false).item());
        assertTrue(Double.isNaN(reduce(Folder.Kind.MEAN, x, List.of(), false).item()));
        assertEquals(0, reduce(Folder.Kind.SUM, x, List.of(0L), false).size());
    }

    @Test
    void nanIsTheLargestAndTheSmallest() {
        float[] v = new float[500];
        v[333] = Float.NaN;
        NDArray x = NDArray.of(Shape.of(500), v);
        assertTrue(Double.isNaN(reduce(Folder.Kind.MAX, x, List.of(), false).item()));
        assertTrue(Double.isNaN(reduce(Folder.Kind.MIN, x, List.of(), false).item()));
        assertEquals(
                0,
                reduce(Folder.Kind.MAX, x.view(Shape.of(300), new long[] {1}, 0), List.of(), false)
                        .item());
    }

    @Test
    void longSumsOfFloatsKeepTheirDigits() {
        int n = 3_000_000;
        float[] v = new float[n];
        java.util.Arrays.fill(v, 0.1f);
        NDArray x = NDArray.of(Shape.of(n), v);
        assertEquals(
                n * (double) 0.1f, reduce(Folder.Kind.SUM, x, List.of(), false).item(), 0.05);
    }

    @Test
    void theNumberOfThreadsChangesNoBit() {
        for (long[] d : new long[][] {{400_001}, {100_000, 3}, {3, 100_000}, {64, 32, 12, 13}, {200, 3000}}) {
            NDArray x = random(DType.FLOAT32, d);
            for (List<Long> axes : List.of(List.<Long>of(), List.of(0L), List.of(d.length - 1L))) {
                EngineThreads.set(1);
                float[] one = reduce(Folder.Kind.SUM, x, axes, false).toFloatArray();
                EngineThreads.set(3);
                assertArrayEquals(one, reduce(Folder.Kind.SUM, x, axes, false).toFloatArray());
            }
        }
    }
}
