package io.kiln.cpu.tile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.backend.Backend;
import io.kiln.backend.Backends;
import io.kiln.backend.Device;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.pointwise.Code;
import io.kiln.pointwise.Expr;
import io.kiln.pointwise.PointwiseProgram;
import io.kiln.pointwise.PointwiseProgram.Instruction;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class TilePlanTest {
    private static final double[] SCALARS = {0.9, 1, Double.POSITIVE_INFINITY, 0};
    private static final double[] CONSTANTS = {0, -0.0, 1, 2.5, Double.NEGATIVE_INFINITY};

    private final Backend cpu = Backends.get(Device.cpu());

    private static double[] interpret(PointwiseProgram p, double[] inputs) {
        List<Instruction> list = p.instructions();
        double[] r = new double[list.size()];
        for (int i = 0; i < r.length; i++) {
            Instruction s = list.get(i);
            r[i] = switch (s.code()) {
                case INPUT -> inputs[s.a()];
                case SCALAR -> SCALARS[s.a()];
                case CONSTANT -> s.constant();
                default -> ScalarTruth.real(s.code(), r[s.a()], s.b() < 0 ? 0 : r[s.b()], s.c() < 0 ? 0 : r[s.c()]);
            };
        }
        double[] y = new double[p.outputCount()];
        for (int o = 0; o < y.length; o++) {
            y[o] = r[p.outputs()[o]];
        }
        return y;
    }

    private static Expr leaf(Random random) {
        return switch (random.nextInt(4)) {
            case 0 -> Expr.scalar(random.nextInt(SCALARS.length));
            case 1 -> Expr.constant(CONSTANTS[random.nextInt(CONSTANTS.length)]);
            default -> Expr.input(random.nextInt(4));
        };
    }

    private static PointwiseProgram random(Random random) {
        List<Expr> known = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            known.add(leaf(random));
        }
        int steps = 1 + random.nextInt(25);
        for (int i = 0; i < steps; i++) {
            Expr a = known.get(random.nextInt(known.size()));
            Expr b = known.get(random.nextInt(known.size()));
            Expr c = known.get(random.nextInt(known.size()));
            known.add(
                    switch (random.nextInt(9)) {
                        case 0, 1 -> a.add(b);
                        case 2 -> a.mul(b).add(c);
                        case 3 -> a.mul(b).add(c.mul(known.get(0)));
                        case 4 -> a.gt(0).select(b, Expr.constant(0));
                        case 5 -> a.max(b);
                        case 6 -> a.sub(b);
                        case 7 -> a.lt(b).select(c, a);
                        default -> a.min(b).neg();
                    });
        }
        Expr last = known.get(known.size() - 1);
        return PointwiseProgram.of(
                last, known.get(random.nextInt(known.size())), last.mul(0.5).add(Expr.input(3)));
    }

    @Test
    void randomProgramsComputeWhatTheirInstructionsSay() {
        for (int seed = 0; seed < 400; seed++) {
            Random random = new Random(seed);
            PointwiseProgram p = random(random);
            for (int n : new int[] {1, 5, 1025}) {
                try (Scope scope = Scope.open()) {
                    check(p, n, seed, random);
                }
            }
        }
    }

    private void check(PointwiseProgram p, int n, int seed, Random random) {
        double[][] v = new double[4][n];
        NDArray[] in = new NDArray[4];
        for (int i = 0; i < 4; i++) {
            for (int k = 0; k < n; k++) {
                int kind = random.nextInt(20);
                v[i][k] = kind == 0
                        ? Double.NaN
                        : kind == 1 ? 0 : kind == 2 ? Double.POSITIVE_INFINITY : random.nextInt(7) - 3;
            }
            in[i] = NDArray.of(Shape.of(n), v[i]);
        }
        NDArray[] out = new NDArray[3];
        NDArray[] floats = new NDArray[3];
        NDArray[] single = new NDArray[4];
        for (int o = 0; o < 3; o++) {
            out[o] = NDArray.empty(Shape.of(n), DType.FLOAT64);
            floats[o] = NDArray.empty(Shape.of(n), DType.FLOAT32);
        }
        for (int i = 0; i < 4; i++) {
            single[i] = in[i].cast(DType.FLOAT32);
        }
        cpu.run(p, in, out, SCALARS);
        cpu.run(p, single, floats, SCALARS);
        for (int at = 0; at < n; at++) {
            int k0 = at;
            double[] want = interpret(p, new double[] {v[0][k0], v[1][k0], v[2][k0], v[3][k0]});
            for (int j = 0; j < 3; j++) {
                int o = j;
                int k = at;
                double got = out[o].get(k);
                assertTrue(
                        got == want[o] || got != got && want[o] != want[o],
                        () -> "seed " + seed + ", output " + o + ", element " + k + ": expected " + want[o] + ", got "
                                + got);
                double coarse = floats[o].get(k);
                boolean close = Math.abs(coarse - want[o]) <= 1e-3 * (1 + Math.abs(want[o]));
                boolean comparable = Math.abs(want[o]) < 1e6;
                assertTrue(
                        !comparable || close || straddles(p),
                        () -> "float32, seed " + seed + ", output " + o + ": expected " + want[o] + ", got " + coarse);
            }
        }
    }

    /** A comparison of rounded numbers may turn out otherwise in float32. */
    private static boolean straddles(PointwiseProgram p) {
        return p.instructions().stream().anyMatch(i -> i.code() == Code.LT || i.code() == Code.GT);
    }

    @Test
    void fusedSumsAndTestsTakeOneStepEach() {
        Expr w = Expr.input(0);
        Expr g = Expr.input(1);
        TilePlan both = new TilePlan(PointwiseProgram.of(w.mul(Expr.scalar(0)).add(g.mul(Expr.scalar(1)))), 0);
        assertEquals(3, both.steps.length);
        assertEquals(TileStep.Form.BOTH_SCALED, both.steps[2].form());
        TilePlan one = new TilePlan(PointwiseProgram.of(w.add(Expr.scalar(0).mul(g))), 0);
        assertEquals(TileStep.Form.SCALED, one.steps[2].form());
        TilePlan relu = new TilePlan(PointwiseProgram.of(w.gt(0).select(g, Expr.constant(0))), 0);
        assertEquals(TileStep.Form.POSITIVE, relu.steps[2].form());
    }

    @Test
    void tilesAreUsedAgainWhenTheirValueIsDead() {
        Expr e = Expr.input(0);
        for (int i = 1; i < 12; i++) {
            e = e.add(Expr.input(i));
        }
        int most = 0;
        for (TileStep s : new TilePlan(PointwiseProgram.of(e), 0).steps) {
            most = Math.max(most, s.target());
        }
        assertEquals(1, most);
    }

    /** The truth, a series in 60 digits, is slow: fewer numbers than of the other functions. */
    @Test
    void errorFunctionStaysWithinThreeUnitsInTheLastPlace() {
        int n = 3000;
        Random random = new Random(4);
        float[] v = new float[n];
        for (int i = 0; i < n; i++) {
            v[i] = i < n / 2 ? (float) random.nextGaussian() : random.nextFloat() * 10 - 5;
        }
        try (Scope scope = Scope.open()) {
            NDArray y = NDArray.empty(Shape.of(n), DType.FLOAT32);
            PointwiseProgram p = PointwiseProgram.of(Expr.input(0).erf());
            cpu.run(p, new NDArray[] {NDArray.of(Shape.of(n), v)}, new NDArray[] {y});
            float[] got = y.toFloatArray();
            for (int i = 0; i < n; i++) {
                double want = ScalarTruth.erf(v[i]);
                assertEquals(want, got[i], 3 * Math.ulp((float) want), "erf(" + v[i] + ")");
            }
        }
    }

    @Test
    void floatFunctionsStayWithinThreeUnitsInTheLastPlace() {
        Code[] codes = {Code.EXP, Code.LOG, Code.LOG1P, Code.SIGMOID, Code.TANH};
        int n = 100_000;
        Random random = new Random(3);
        float[] v = new float[n];
        for (int i = 0; i < n; i++) {
            v[i] = i < n / 2 ? (float) (random.nextGaussian() * 30) : Float.intBitsToFloat(random.nextInt());
        }
        for (Code code : codes) {
            try (Scope scope = Scope.open()) {
                NDArray x = NDArray.of(Shape.of(n), v);
                NDArray y = NDArray.empty(Shape.of(n), DType.FLOAT32);
                cpu.run(PointwiseProgram.of(ScalarTruth.expression(code)), new NDArray[] {x}, new NDArray[] {y});
                float[] got = y.toFloatArray();
                for (int i = 0; i < n; i++) {
                    double want = ScalarTruth.real(code, v[i], 0, 0);
                    double unit = Math.ulp((float) want);
                    boolean right = got[i] == (float) want || want != want && got[i] != got[i];
                    float x0 = v[i];
                    float y0 = got[i];
                    assertTrue(
                            right || Math.abs(got[i] - want) <= 3 * unit,
                            () -> code + "(" + x0 + "): expected " + want + ", got " + y0);
                }
            }
        }
    }
}
