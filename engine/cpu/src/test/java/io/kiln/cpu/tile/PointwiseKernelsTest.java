package io.kiln.cpu.tile;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.backend.Backend;
import io.kiln.backend.Backends;
import io.kiln.backend.Device;
import io.kiln.cpu.EngineThreads;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.InPlace;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.op.Cast;
import io.kiln.op.Dispatch;
import io.kiln.op.math.Add;
import io.kiln.op.math.Mul;
import io.kiln.pointwise.Code;
import io.kiln.pointwise.Expr;
import io.kiln.pointwise.PointwiseProgram;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Tag("core")
class PointwiseKernelsTest {
    private static final int[] SIZES = {1, 4, 6, 8, 13, 16, 25, 4098};
    private static final double[] SPECIAL = {
        Double.NaN,
        Double.POSITIVE_INFINITY,
        Double.NEGATIVE_INFINITY,
        0.0,
        -0.0,
        1e-40,
        -1e-40,
        3e38,
        -3e38,
        1,
        -1,
        88.7,
        88.8,
        -87.3,
        -87.4,
        -103,
        -104,
        710,
        -746
    };

    private final Backend cpu = Backends.get(Device.cpu());
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

    private static double[] values(int n, long seed, boolean whole) {
        Random random = new Random(seed);
        double[] v = new double[n];
        for (int i = 0; i < n; i++) {
            v[i] = whole ? random.nextInt(13) - 6 : (float) (random.nextGaussian() * 3);
        }
        return v;
    }

    private static NDArray array(Shape shape, DType type, double... values) {
        return Dispatch.one(new Cast(type), NDArray.of(shape, values));
    }

    private double[] run(Code code, DType type, double[]... in) {
        Shape shape = Shape.of(in[0].length);
        PointwiseProgram p = PointwiseProgram.of(ScalarTruth.expression(code));
        NDArray[] inputs = new NDArray[p.inputCount()];
        for (int i = 0; i < inputs.length; i++) {
            inputs[i] = array(shape, type, in[i]);
        }
        NDArray y = NDArray.empty(shape, type);
        cpu.run(p, inputs, new NDArray[] {y}, 5);
        return y.toDoubleArray();
    }

    /** Elementary functions of float tiles are accurate to 3 units in the last place, the rest is exactly rounded. */
    private static void check(Code code, DType type, double got, double a, double b, double c) {
        double want = ScalarTruth.real(code, a, b, c);
        double expected = type == DType.FLOAT32 ? (float) want : want;
        double unit = type == DType.FLOAT32 ? Math.ulp((float) want) : Math.ulp(want);
        boolean same = Double.compare(got, expected) == 0 || got == expected;
        assertTrue(
                same || Math.abs(got - want) <= 3 * unit,
                () -> code + "(" + a + ", " + b + ", " + c + ") in " + type + ": expected " + expected + ", got "
                        + got);
    }

    @ParameterizedTest
    @EnumSource(
            value = Code.class,
            mode = EnumSource.Mode.EXCLUDE,
            names = {
                "BIT_AND",
                "BIT_OR",
                "BIT_XOR",
                "SHIFT_LEFT",
                "SHIFT_RIGHT",
                "ERFC",
                "NORMAL_CDF",
                "TANH_CDF",
                "ERFINV",
                "LGAMMA",
                "DIGAMMA",
                "POLYGAMMA"
            })
    void everyCodeIsRightInBothRealTypesOnOddSizes(Code code) {
        for (DType type : new DType[] {DType.FLOAT32, DType.FLOAT64}) {
            for (int n : SIZES) {
                double[] a = values(n, 1, false);
                double[] b = values(n, 2, false);
                double[] c = values(n, 3, false);
                if (code == Code.SELECT || code == Code.EQ || code == Code.AND) {
                    a = values(n, 1, true);
                    b = values(n, 4, true);
                }
                double[] got = run(code, type, a, b, c);
                for (int i = 0; i < n; i++) {
                    check(code, type, got[i], a[i], b[i], c[i]);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Code.class,
            mode = EnumSource.Mode.EXCLUDE,
            names = {
                "BIT_AND",
                "BIT_OR",
                "BIT_XOR",
                "SHIFT_LEFT",
                "SHIFT_RIGHT",
                "ERFC",
                "NORMAL_CDF",
                "TANH_CDF",
                "ERFINV",
                "LGAMMA",
                "DIGAMMA",
                "POLYGAMMA"
            })
    void everyCodeTreatsSpecialNumbersAsJavaDoes(Code code) {
        int n = SPECIAL.length;
        double[] a = new double[n * n];
        double[] b = new double[n * n];
        for (int i = 0; i < n * n; i++) {
            a[i] = (float) SPECIAL[i / n];
            b[i] = (float) SPECIAL[i % n];
        }
        double[] got = run(code, DType.FLOAT32, a, b, b);
        double[] doubles = run(code, DType.FLOAT64, a, b, b);
        for (int i = 0; i < n * n; i++) {
            check(code, DType.FLOAT32, got[i], a[i], b[i], b[i]);
            check(code, DType.FLOAT64, doubles[i], a[i], b[i], b[i]);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Code.class,
            names = {
                "INPUT",
                "NEG",
                "ABS",
                "SIGN",
                "FLOOR",
                "NOT",
                "ADD",
                "SUB",
                "MUL",
                "DIV",
                "POW",
                "MOD",
                "MAX",
                "MIN",
                "EQ",
                "NE",
                "LT",
                "LE",
                "GT",
                "GE",
                "AND",
                "OR",
                "SELECT",
                "CONSTANT",
                "SCALAR"
            })
    void everyIntegerCodeIsExact(Code code) {
        for (DType type : new DType[] {DType.INT32, DType.INT64}) {
            for (int n : SIZES) {
                double[] a = values(n, 1, true);
                double[] b = values(n, 2, true);
                double[] c = values(n, 3, true);
                if (code == Code.POW) {
                    b = Arrays.stream(b).map(Math::abs).toArray();
                }
                double[] got = run(code, type, a, b, c);
                for (int i = 0; i < n; i++) {
                    assertEquals(ScalarTruth.whole(code, (long) a[i], (long) b[i], (long) c[i]), (long) got[i]);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Code.class,
            names = {
                "ADD", "SUB", "MUL", "DIV", "POW", "MOD", "MAX", "MIN", "ATAN2", "EQ", "NE", "LT", "LE", "GT", "GE",
                "AND", "OR", "SELECT"
            })
    void constantsOnEitherSideGiveWhatArraysGive(Code code) {
        int n = 1500;
        double[] x = values(n, 7, true);
        double k = 2;
        for (DType type : new DType[] {DType.FLOAT32, DType.FLOAT64, DType.INT64}) {
            NDArray a = array(Shape.of(n), type, x);
            NDArray y = NDArray.empty(Shape.of(n), type);
            Expr in = Expr.input(0);
            for (int mask = 1; mask < 8; mask++) {
                if (mask > 3 && code != Code.SELECT) {
                    continue;
                }
                Expr first = (mask & 1) == 0 ? in : Expr.constant(k);
                Expr second = (mask & 2) == 0 ? in : Expr.constant(k);
                Expr third = (mask & 4) == 0 ? in : Expr.constant(k);
                Expr e = code == Code.SELECT ? first.select(second, third) : ScalarTruth.binary(code, first, second);
                cpu.run(PointwiseProgram.of(e), new NDArray[] {a}, new NDArray[] {y});
                double[] got = y.toDoubleArray();
                for (int i = 0; i < n; i++) {
                    double p = (mask & 1) == 0 ? x[i] : k;
                    double q = (mask & 2) == 0 ? x[i] : k;
                    double r = (mask & 4) == 0 ? x[i] : k;
                    if (type == DType.INT64) {
                        if (code != Code.ATAN2) {
                            assertEquals(
                                    code == Code.POW && q < 0
                                            ? Functions.power((long) p, (long) q)
                                            : ScalarTruth.whole(code, (long) p, (long) q, (long) r),
                                    (long) got[i]);
                        }
                    } else {
                        check(code, type, got[i], p, q, r);
                    }
                }
            }
        }
    }

    @Test
    void anyStridesAndBroadcastsGiveWhatRowMajorCopiesGive() {
        for (int[] d : new int[][] {{2, 3, 5, 7}, {3, 4, 17, 19}, {1, 8, 40, 33}, {130, 1, 3, 9}}) {
            Shape shape = Shape.of(d[0], d[1], d[2], d[3]);
            int n = (int) shape.size();
            NDArray base = array(shape, DType.FLOAT32, values(n, 1, false));
            NDArray lastFirst = array(Shape.of(d[3], d[2], d[1], d[0]), DType.FLOAT32, values(n, 2, false))
                    .transpose();
            NDArray wide = array(Shape.of(d[0], d[1], d[2], 2L * d[3]), DType.FLOAT32, values(2 * n, 3, false));
            NDArray strided =
                    wide.view(shape, new long[] {wide.strides()[0], wide.strides()[1], wide.strides()[2], 2}, 1);
            NDArray row = array(Shape.of(d[3]), DType.FLOAT32, values(d[3], 4, false));
            NDArray channel = array(Shape.of(d[1], 1, 1), DType.FLOAT32, values(d[1], 5, false));
            NDArray column = array(Shape.of(d[0], 1, d[2], 1), DType.FLOAT64, values(d[0] * d[2], 6, false));
            NDArray one = array(Shape.scalar(), DType.FLOAT32, 2.5);
            NDArray backwards = base.view(
                    shape, new long[] {base.strides()[0], base.strides()[1], base.strides()[2], -1}, d[3] - 1);
            NDArray[] all = {base, lastFirst, strided, row, channel, column, one, backwards};
            for (NDArray a : all) {
                for (NDArray b : all) {
                    NDArray y = Dispatch.one(new Add(), a, b);
                    assertArrayEquals(sums(a, b, y.shape(), y.dtype()), y.toDoubleArray());
                }
            }
        }
    }

    private static double[] sums(NDArray a, NDArray b, Shape shape, DType type) {
        double[] y = new double[(int) shape.size()];
        long[] at = new long[shape.rank()];
        for (int i = 0; i < y.length; i++) {
            int rest = i;
            for (int k = at.length - 1; k >= 0; k--) {
                at[k] = rest % shape.dim(k);
                rest /= (int) shape.dim(k);
            }
            double s = element(a, at) + element(b, at);
            y[i] = type == DType.FLOAT32 ? (float) s : s;
        }
        return y;
    }

    private static double element(NDArray x, long[] at) {
        long[] own = new long[x.shape().rank()];
        for (int i = 0; i < own.length; i++) {
            own[i] = x.shape().dim(i) == 1 ? 0 : at[at.length - own.length + i];
        }
        return x.get(own);
    }

    @Test
    void theOutputKeepsTheLayoutOfItsFullInput() {
        NDArray nhwc = array(Shape.of(2, 5, 6, 3), DType.FLOAT32, values(180, 1, false));
        NDArray image = Dispatch.one(new io.kiln.op.shape.Transpose(java.util.List.of(0L, 3L, 1L, 2L)), nhwc);
        NDArray bias = array(Shape.of(3, 1, 1), DType.FLOAT32, 1, 2, 3);
        assertArrayEquals(image.strides(), Dispatch.one(new Add(), bias, image).strides());
        assertArrayEquals(
                image.strides(), Dispatch.one(new Cast(DType.FLOAT64), image).strides());
    }

    @Test
    void anOutputMayBeAnInput() {
        for (int n : new int[] {5, 3000, 100_000}) {
            double[] v = values(n, 1, false);
            NDArray a = array(Shape.of(n), DType.FLOAT32, v);
            NDArray b = array(Shape.of(n), DType.FLOAT32, values(n, 2, false));
            double[] want =
                    Dispatch.one(new Add(), Dispatch.one(new Mul(), a, a), b).toDoubleArray();
            int before = a.storage().version();
            InPlace.run(
                    PointwiseProgram.of(Expr.input(0).mul(Expr.input(0)).add(Expr.input(1)), Expr.input(0)),
                    new NDArray[] {a, b},
                    new NDArray[] {a, b});
            assertArrayEquals(want, a.toDoubleArray());
            assertArrayEquals(v, b.toDoubleArray());
            assertTrue(a.storage().version() > before, "a write in place must be counted");
        }
    }

    @Test
    void anInputThatOverlapsTheOutputInAnotherOrderIsCopiedFirst() {
        NDArray a = array(Shape.of(70, 70), DType.FLOAT32, values(4900, 1, false));
        double[] want = a.transpose().toDoubleArray();
        a.assign(a.transpose());
        assertArrayEquals(want, a.toDoubleArray());
        NDArray all = array(Shape.of(5000), DType.FLOAT32, values(5000, 1, false));
        NDArray head = all.view(Shape.of(4999), new long[] {1}, 0);
        NDArray tail = all.view(Shape.of(4999), new long[] {1}, 1);
        double[] shifted = head.toDoubleArray();
        tail.assign(head);
        assertArrayEquals(shifted, tail.toDoubleArray());
    }

    @Test
    void emptyArraysAndArraysWithoutAxesWork() {
        NDArray none = NDArray.empty(Shape.of(0, 3), DType.FLOAT32);
        assertEquals(Shape.of(0, 3), none.add(1).shape());
        assertEquals(0, none.add(none).toFloatArray().length);
        NDArray one = NDArray.scalar(2, DType.FLOAT32);
        assertEquals(5, one.add(3).item());
        assertEquals(Shape.scalar(), one.add(one).shape());
    }

    @Test
    void everyPairOfTypesConvertsAsCastSays() {
        double[] v = {0, 1, 2.5, 200, -3.75, 65504, -1e-3};
        for (DType from : DType.values()) {
            NDArray a = array(Shape.of(v.length), from, v);
            double[] source = a.toDoubleArray();
            for (DType to : DType.values()) {
                double[] got = Dispatch.one(new Cast(to), a).toDoubleArray();
                for (int i = 0; i < v.length; i++) {
                    assertEquals(converted(source[i], to), got[i], from + " to " + to + " of " + source[i]);
                }
            }
        }
    }

    private static double converted(double x, DType to) {
        return switch (to) {
            case BOOL -> x != 0 ? 1 : 0;
            case UINT8 -> (long) x & 0xff;
            case INT32 -> (int) x;
            case INT64 -> (long) x;
            case FLOAT16 -> io.kiln.ndarray.Float16.toFloat(io.kiln.ndarray.Float16.fromFloat((float) x));
            case BFLOAT16 -> io.kiln.ndarray.Float16.brainToFloat(io.kiln.ndarray.Float16.brainFromFloat((float) x));
            case FLOAT32 -> (float) x;
            case FLOAT64 -> x;
        };
    }

    @Test
    void bigIntegersStayExact() {
        NDArray a = NDArray.of(Shape.of(2), (1L << 60) + 1, -5L);
        assertArrayEquals(new long[] {(1L << 60) + 2, -4}, a.add(1).toLongArray());
    }

    @Test
    void integersMeetFractionsInFloat64() {
        NDArray a = NDArray.of(Shape.of(3), 1L, 2L, 3L);
        NDArray y = NDArray.empty(Shape.of(3), DType.BOOL);
        cpu.run(PointwiseProgram.of(Expr.input(0).ge(Expr.constant(2.5))), new NDArray[] {a}, new NDArray[] {y});
        assertArrayEquals(new long[] {0, 0, 1}, y.toLongArray());
    }

    @Test
    void theNumberOfThreadsChangesNothing() {
        NDArray a = array(Shape.of(3, 100_003), DType.FLOAT32, values(300_009, 1, false));
        NDArray b = array(Shape.of(100_003), DType.FLOAT32, values(100_003, 2, false));
        double[] one = a.add(b).tanh().toDoubleArray();
        EngineThreads.set(3);
        assertArrayEquals(one, a.add(b).tanh().toDoubleArray());
    }

    @Test
    void severalOutputsAndScalarsMakeAnOptimizerStep() {
        int n = 40_000;
        NDArray w = array(Shape.of(n), DType.FLOAT32, values(n, 1, false));
        NDArray m = array(Shape.of(n), DType.FLOAT32, values(n, 2, false));
        NDArray g = array(Shape.of(n), DType.FLOAT32, values(n, 3, false));
        float[] w0 = w.toFloatArray();
        float[] m0 = m.toFloatArray();
        float[] g0 = g.toFloatArray();
        Expr momentum = Expr.input(1).mul(0.9).add(Expr.input(2));
        PointwiseProgram step =
                PointwiseProgram.of(Expr.input(0).sub(Expr.scalar(0).mul(momentum)), momentum);
        cpu.run(step, new NDArray[] {w, m, g}, new NDArray[] {w, m}, 0.01);
        float[] w1 = w.toFloatArray();
        float[] m1 = m.toFloatArray();
        for (int i = 0; i < n; i++) {
            float expected = m0[i] * 0.9f + g0[i];
            assertEquals(expected, m1[i]);
            assertEquals(w0[i] - 0.01f * expected, w1[i]);
        }
    }

    @Test
    void tooFewScalarsAreRefusedWithNumbers() {
        NDArray y = NDArray.empty(Shape.of(2), DType.FLOAT32);
        PointwiseProgram p = PointwiseProgram.of(Expr.scalar(1));
        IllegalArgumentException e =
                assertThrows(IllegalArgumentException.class, () -> cpu.run(p, new NDArray[0], new NDArray[] {y}, 1));
        assertTrue(e.getMessage().contains("2 scalars; got 0, 1, 1"), e.getMessage());
    }
}
