package io.kiln.cpu.tile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.cpu.EngineThreads;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.pointwise.Code;
import io.kiln.pointwise.Expr;
import io.kiln.pointwise.PointwiseProgram;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Generated loops give the bits that interpreted steps give. */
@Tag("core")
class FusedPlanTest {
    private static final DType[] TYPES = {DType.FLOAT32, DType.FLOAT64, DType.INT64};
    private static final double[] SCALARS = {0.9, 1, Double.POSITIVE_INFINITY, 0, -0.0};
    private static final double[] WHOLE_SCALARS = {3, 1, -2, 0, 7};

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

    private static NDArray array(Shape shape, DType type, long seed) {
        Random random = new Random(seed);
        double[] v = new double[(int) shape.size()];
        for (int i = 0; i < v.length; i++) {
            int kind = type == DType.INT64 ? 9 : random.nextInt(30);
            v[i] = switch (kind) {
                case 0 -> Double.NaN;
                case 1 -> Double.POSITIVE_INFINITY;
                case 2 -> Double.NEGATIVE_INFINITY;
                case 3 -> -0.0;
                case 4 -> 0;
                case 5 -> 1e-40;
                case 6 -> random.nextGaussian() * 1e30;
                case 9 -> random.nextInt(9) - 4;
                default -> random.nextGaussian() * 2;
            };
        }
        return NDArray.of(shape, v).cast(type);
    }

    private static NDArray[] outputs(PointwiseProgram p, Shape shape, DType type) {
        NDArray[] y = new NDArray[p.outputCount()];
        Arrays.setAll(y, i -> NDArray.empty(shape, type));
        return y;
    }

    private static void compare(PointwiseProgram p, DType type, NDArray[] inputs, Shape shape, String what) {
        double[] scalars = type == DType.INT64 ? WHOLE_SCALARS : SCALARS;
        NDArray[] plain = outputs(p, shape, type);
        NDArray[] fused = outputs(p, shape, type);
        new TileProgram(p, Long.MAX_VALUE).run(type, inputs, plain, scalars);
        new TileProgram(p, 0).run(type, inputs, fused, scalars);
        for (int o = 0; o < plain.length; o++) {
            assertSame(plain[o], fused[o], what + ", output " + o);
        }
    }

    /** Equal bits; any NaN equals any other. */
    private static void assertSame(NDArray expected, NDArray got, String what) {
        double[] e = expected.toDoubleArray();
        double[] g = got.toDoubleArray();
        for (int i = 0; i < e.length; i++) {
            int at = i;
            assertEquals(
                    Double.doubleToLongBits(e[i]),
                    Double.doubleToLongBits(g[i]),
                    () -> what + ", element " + at + ": expected " + e[at] + ", got " + g[at]);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Code.class,
            mode = EnumSource.Mode.EXCLUDE,
            names = {"BIT_AND", "BIT_OR", "BIT_XOR", "SHIFT_LEFT", "SHIFT_RIGHT"})
    void everyCodeBetweenArithmeticGivesTheSameBits(Code code) {
        Expr middle = ScalarTruth.expression(code);
        Expr a = Expr.input(0);
        Expr b = Expr.input(1);
        PointwiseProgram p = PointwiseProgram.of(
                a.add(b).mul(a),
                middle.sub(a).mul(b).add(Expr.scalar(1).mul(a)),
                a.mul(Expr.scalar(0)).add(b.mul(Expr.scalar(1))).max(middle));
        for (DType type : TYPES) {
            for (int n : new int[] {1025, 4099, 70_000}) {
                Shape shape = Shape.of(n);
                NDArray[] in = {array(shape, type, 1), array(shape, type, 2), array(shape, type, 3)};
                compare(p, type, in, shape, code + " in " + type);
            }
        }
    }

    private static Expr leaf(Random random) {
        return switch (random.nextInt(5)) {
            case 0 -> Expr.scalar(random.nextInt(SCALARS.length));
            case 1 -> Expr.constant(random.nextInt(4) - 1);
            default -> Expr.input(random.nextInt(4));
        };
    }

    private static PointwiseProgram random(Random random) {
        List<Expr> known = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            known.add(leaf(random));
        }
        int steps = 1 + random.nextInt(70);
        for (int i = 0; i < steps; i++) {
            Expr a = known.get(known.size() - 1 - random.nextInt(Math.min(8, known.size())));
            Expr b = known.get(random.nextInt(known.size()));
            Expr c = known.get(random.nextInt(known.size()));
            known.add(
                    switch (random.nextInt(16)) {
                        case 0 -> a.add(b);
                        case 1 -> a.mul(b).add(c);
                        case 2 -> a.mul(b).add(c.mul(known.get(0)));
                        case 3 -> a.gt(0).select(b, Expr.constant(0));
                        case 4 -> a.max(b);
                        case 5 -> a.sub(b);
                        case 6 -> a.lt(b).select(c, a);
                        case 7 -> a.min(b).neg();
                        case 8 -> a.abs().sqrt();
                        case 9 -> a.div(b);
                        case 10 -> a.abs().rsqrt();
                        case 11 -> a.reciprocal();
                        case 12 -> a.min(2).exp();
                        case 13 -> a.sigmoid();
                        case 14 -> a.eq(b).not();
                        default -> Expr.constant(2).sub(a);
                    });
        }
        Expr last = known.get(known.size() - 1);
        return PointwiseProgram.of(
                last, known.get(random.nextInt(known.size())), last.mul(2).add(Expr.input(3)));
    }

    @Test
    void randomProgramsGiveTheSameBitsInEveryLayout() {
        for (int seed = 0; seed < 150; seed++) {
            Random random = new Random(seed);
            PointwiseProgram p = random(random);
            DType type = TYPES[seed % 2];
            try (Scope inner = Scope.open()) {
                Shape shape = Shape.of(3, 37, 29);
                NDArray dense = array(shape, type, seed);
                NDArray turned = array(Shape.of(29, 37, 3), type, seed + 1).transpose(2, 1, 0);
                NDArray row = array(Shape.of(29), type, seed + 2);
                NDArray one = array(Shape.of(1), type, seed + 3);
                compare(p, type, new NDArray[] {dense, turned, row, one}, shape, "seed " + seed);
                compare(p, type, new NDArray[] {one, dense, turned, row}, shape, "turned, seed " + seed);
            }
        }
    }

    @Test
    void outputsInPlaceOfInputsGiveTheSameBitsOnSeveralThreads() {
        Expr w = Expr.input(0);
        Expr g = Expr.input(1).min(Expr.scalar(2)).add(Expr.scalar(3).mul(w));
        Expr m = Expr.input(2).mul(Expr.scalar(0)).add(g.mul(Expr.scalar(1)));
        Expr v = Expr.input(3).mul(Expr.scalar(0)).add(g.mul(g).mul(Expr.scalar(1)));
        PointwiseProgram p = PointwiseProgram.of(w.sub(m.div(v.sqrt().add(1e-8))), m, v);
        Shape shape = Shape.of(300_007);
        NDArray[][] runs = new NDArray[2][];
        for (int i = 0; i < 2; i++) {
            EngineThreads.set(1 + i);
            NDArray[] x = new NDArray[4];
            Arrays.setAll(x, k -> array(shape, DType.FLOAT32, k));
            TileProgram program = new TileProgram(p, i == 0 ? Long.MAX_VALUE : 0);
            for (int step = 0; step < 3; step++) {
                program.run(DType.FLOAT32, x, new NDArray[] {x[0], x[2], x[3]}, SCALARS);
            }
            runs[i] = x;
        }
        for (int k = 0; k < 4; k++) {
            assertSame(runs[0][k], runs[1][k], "array " + k);
        }
    }

    @Test
    void arithmeticAroundAFunctionTakesOneLoopOnEitherSide() {
        Expr x = Expr.input(0);
        Expr inner = x.mul(x).mul(0.5).add(x).mul(Expr.input(1));
        PointwiseProgram p = PointwiseProgram.of(inner.exp().add(1).mul(0.5).mul(x));
        FusedPlan plan = FusedPlan.of(p, 0, DType.FLOAT32, s -> false);
        assertEquals(
                "INPUT INPUT loop EXP loop",
                String.join(
                        " ",
                        Arrays.stream(plan.stages)
                                .map(s -> s.loop() == null ? s.step().code().toString() : "loop")
                                .toList()));
    }

    @Test
    void aProgramIsCompiledWhenItHasRunOverEnoughElements() {
        Expr x = Expr.input(0);
        TieredPlan plan = new TieredPlan(PointwiseProgram.of(x.mul(x).add(x)), 0, 1000);
        Lanes lanes = new FloatLanes(Lanes.TILE);
        assertNull(plan.fused(DType.FLOAT32, 600, lanes));
        assertNotNull(plan.fused(DType.FLOAT32, 600, lanes));
        assertNotNull(plan.fused(DType.FLOAT64, 1, lanes));
        assertNull(plan.fused(DType.INT64, 600, lanes));
    }

    @Test
    void stepsThatChangeNothingAreLeftOutOnlyWhileTheyDoNot() {
        Expr x = Expr.input(0);
        Expr clipped =
                x.mul(Expr.scalar(0)).min(Expr.scalar(1)).max(Expr.scalar(1).neg());
        PointwiseProgram p = PointwiseProgram.of(clipped.add(x).mul(clipped), clipped);
        Shape shape = Shape.of(5000);
        NDArray[] in = {array(shape, DType.FLOAT32, 7)};
        TileProgram fused = new TileProgram(p, 0);
        double infinity = Double.POSITIVE_INFINITY;
        double[][] scalars = {{1, infinity}, {1, 0.5}, {2, infinity}, {2, 0.25}, {1, infinity}, {-1, -infinity}};
        for (double[] s : scalars) {
            NDArray[] expected = outputs(p, shape, DType.FLOAT32);
            NDArray[] got = outputs(p, shape, DType.FLOAT32);
            new TileProgram(p, Long.MAX_VALUE).run(DType.FLOAT32, in, expected, s);
            fused.run(DType.FLOAT32, in, got, s);
            assertSame(expected[0], got[0], Arrays.toString(s));
            assertSame(expected[1], got[1], Arrays.toString(s) + ", second output");
        }
    }

    @Test
    void generatedLoopsTakeOverWhenTheyAreFasterSeveralTimesInSuccession() {
        Expr x = Expr.input(0);
        FusedPlan plan = FusedPlan.of(PointwiseProgram.of(x.mul(x).add(x)), 0, DType.FLOAT32, s -> false);
        plan.compared(5, 10);
        plan.compared(5, 10);
        plan.compared(10, 10);
        plan.compared(5, 10);
        plan.compared(5, 10);
        assertFalse(plan.isTrusted());
        plan.compared(5, 10);
        assertTrue(plan.isTrusted());
    }

    @Test
    void tilesOfATrialHaveTheSameBits() {
        Expr x = Expr.input(0);
        PointwiseProgram p = PointwiseProgram.of(x.mul(x).add(x), x.sub(1).mul(x));
        Shape shape = Shape.of(100_003);
        NDArray[] in = {array(shape, DType.FLOAT32, 7)};
        NDArray[] expected = outputs(p, shape, DType.FLOAT32);
        new TileProgram(p, Long.MAX_VALUE).run(DType.FLOAT32, in, expected, SCALARS);
        TileProgram program = new TileProgram(p, 1);
        for (int run = 0; run < 40; run++) {
            NDArray[] got = outputs(p, shape, DType.FLOAT32);
            program.run(DType.FLOAT32, in, got, SCALARS);
            assertSame(expected[0], got[0], "run " + run);
            assertSame(expected[1], got[1], "run " + run + ", second output");
        }
    }

    @Test
    void oneStepIsNotWorthALoop() {
        assertNull(FusedPlan.of(PointwiseProgram.of(Expr.input(0).add(Expr.input(1))), 0, DType.FLOAT32, s -> false));
    }
}
