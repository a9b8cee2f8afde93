package io.kiln.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.kiln.cpu.natives.Natives;
import io.kiln.cpu.onednn.CpuContext;
import io.kiln.cpu.onednn.InstructionSet;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.op.Pointwise;
import io.kiln.op.table.Argument;
import io.kiln.op.table.OperatorTable;
import io.kiln.op.table.Row;
import io.kiln.op.table.RowRun;
import io.kiln.op.table.Sample;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;

/**
 * Every operator treats NaN, infinities, -0 and subnormal numbers in float32 as its definition says: as in float64, which plain Java
 * computes.
 */
@Tag("core")
class SpecialValuesTest {
    private static final double NAN = Double.NaN;
    private static final double INF = Double.POSITIVE_INFINITY;
    private static final double TINY = 1e-41;

    /** What is planted together into one input. */
    private static final double[][] PLANTS = {
        {NAN}, {INF}, {-INF}, {-0.0, TINY, -TINY}, {NAN, INF, -INF, -0.0, TINY, -TINY}
    };

    /** No large numbers: where their squares overflow, float32 rightly differs from float64. */
    private static final double[] VALUES = {NAN, INF, -INF, 0, -0.0, TINY, -TINY, 1, -1, 0.5, -2.5, 3};

    /** Zero padding, and states that are not given, are left out of sums by some kernels and multiplied by 0 by others. */
    private static final Set<String> MULTIPLY_BY_NOTHING = Set.of(
            "Convolution",
            "ConvolutionTranspose",
            "ConvolutionWeightGradient",
            "LstmOp",
            "GruOp",
            "RnnOp",
            "DeformableConvolution");

    /** Gradients whose sums over a row are taken in another order: an infinite gradient becomes infinite here and NaN there. */
    private static final Set<String> INFINITE_OR_NAN = Set.of(
            "BatchNormOp", "BatchNormGradient", "LayerNormOp", "LayerNormGradient", "GeluGradient", "SiluGradient");

    /** Gradients that get statistics of their sources, to which planted sources would not fit: only their first input is planted. */
    private static final Set<String> GIVEN_STATISTICS = Set.of("BatchNormGradient", "LayerNormGradient");

    /** oneDNN's GELU of -0 is 0 without AVX-512. */
    private static final Set<String> UNSIGNED = Set.of("Gelu");

    /** Divides by subnormal numbers on its way, which overflows in float32. */
    private static final Set<String> OVERFLOWS = Set.of("BoxEncode");

    @BeforeEach
    void takeTwoThreads() {
        EngineThreads.set(2);
    }

    @TestFactory
    Stream<DynamicTest> plantedIntoTheRowsOfTheTable() {
        return OperatorTable.rows().stream()
                .filter(SpecialValuesTest::isChecked)
                .flatMap(row -> row.cases().stream()
                        .filter(c ->
                                c.arguments().stream().allMatch(a -> a.shape().size() <= 1000))
                        .map(c -> dynamicTest(row + " on " + c, () -> planted(row, c))));
    }

    private static boolean isChecked(Row row) {
        return row.dtypes().containsAll(List.of(DType.FLOAT32, DType.FLOAT64))
                && !row.hasKeptResults()
                && !OVERFLOWS.contains(name(row));
    }

    private static String name(Row row) {
        return row.operator().getClass().getSimpleName();
    }

    @TestFactory
    Stream<DynamicTest> ofAllPairsInElementwiseOperators() {
        return OperatorTable.rows().stream()
                .filter(row -> row.operator() instanceof Pointwise && isChecked(row))
                .map(row -> dynamicTest(row.toString(), () -> pairs(row)));
    }

    /** Sizes at which oneDNN and Winograd's algorithm serve, in float32 and in bfloat16. */
    @TestFactory
    Stream<DynamicTest> atTheSizesOfFastKernels() {
        return SpecialRows.all().stream().flatMap(row -> row.cases().stream().flatMap(c -> Stream.of(1, 2)
                .map(threads -> dynamicTest(row + " on " + c + ", " + threads + " threads", () -> {
                    EngineThreads.set(threads);
                    planted(row, c);
                }))));
    }

    /** The processor's flag of invalid operations tells kernels to look for such values, and other code raises it too. */
    @TestFactory
    Stream<DynamicTest> aFlagThatOtherCodeHasRaisedChangesNoBit() {
        return Stream.concat(OperatorTable.rows().stream(), SpecialRows.all().stream())
                .filter(row -> row.dtypes().contains(DType.FLOAT32))
                .flatMap(row -> row.cases().stream()
                        .map(c -> dynamicTest(row + " on " + c, () -> {
                            EngineThreads.set(1);
                            RowRun run = new RowRun(row, c);
                            List<Sample> x = row.samples(c, DType.FLOAT32);
                            if (Natives.get().isAvailable()) {
                                CpuContext.tookInvalid(); // lowers it
                            }
                            List<Sample> expected = run.forward(x);
                            assertTrue(Double.isNaN(quotient(0, x.size() - x.size())));
                            List<Sample> got = run.forward(x);
                            for (int i = 0; i < expected.size(); i++) {
                                assertArrayEquals(unsigned(expected.get(i)), unsigned(got.get(i)), "output " + i);
                            }
                        })));
    }

    /** Below AVX2 without the sign of zeros: there oneDNN computes a -0 where the substitute kernel computes 0. */
    private static double[] unsigned(Sample sample) {
        boolean exact = InstructionSet.hasAvx2();
        return exact
                ? sample.values()
                : Arrays.stream(sample.values()).map(v -> v + 0.0).toArray();
    }

    private static double quotient(double a, double b) {
        return a / b;
    }

    private static void planted(Row row, Row.Case call) {
        List<Sample> plain = row.samples(call, DType.FLOAT64);
        for (int input = 0; input < plain.size(); input++) {
            Sample s = plain.get(input);
            boolean fits = input == 0 || !GIVEN_STATISTICS.contains(name(row));
            if (call.arguments().get(input).dtype() != null || s.values().length == 0 || !fits) {
                continue;
            }
            for (int p = 0; p < PLANTS.length; p++) {
                List<Sample> values = new ArrayList<>(plain);
                values.set(input, plant(s, PLANTS[p], 31 * input + p));
                check(row, call, values, "input " + input + " with " + List.of(boxed(PLANTS[p])));
            }
        }
    }

    private static void pairs(Row row) {
        int n = VALUES.length;
        List<Sample> values = new ArrayList<>();
        List<Argument> arguments = new ArrayList<>();
        for (Argument argument : row.cases().get(0).arguments()) {
            if (argument.dtype() != null) {
                return;
            }
            double[] v = new double[n * n];
            for (int i = 0; i < v.length; i++) {
                v[i] = VALUES[(values.isEmpty() ? i / n : i % n)];
            }
            arguments.add(Argument.values(Shape.of(v.length), v));
            values.add(new Sample(Shape.of(v.length), DType.FLOAT64, v));
        }
        check(row, new Row.Case(arguments, false), values, "all pairs");
    }

    private static void check(Row row, Row.Case call, List<Sample> values, String what) {
        String name = row + " on " + call + ", " + what;
        RowRun run = new RowRun(row, call);
        for (DType type : row.dtypes()) {
            if (type != DType.FLOAT64) {
                check(row, run, name + " in " + type + ", output ", values, type);
            }
        }
        boolean tiny = values.stream()
                .anyMatch(s -> Arrays.stream(s.values()).anyMatch(v -> v != 0 && Math.abs(v) < Float.MIN_NORMAL));
        boolean sure = what.startsWith("input 0 ") || !MULTIPLY_BY_NOTHING.contains(name(row));
        if (row.order() > 0
                && sure
                && !tiny
                && row.dtypes().contains(DType.FLOAT32)) { // 1 over a subnormal number overflows
            List<Sample> expected = run(() -> run.gradient(cast(values, DType.FLOAT64)));
            List<Sample> got = run(() -> run.gradient(cast(values, DType.FLOAT32)));
            compare(row, name + ", gradient ", DType.FLOAT32, values, expected, got);
        }
    }

    private static void check(Row row, RowRun run, String name, List<Sample> values, DType type) {
        List<Sample> narrow = cast(values, type);
        List<Sample> expected = run(() -> run.forward(cast(narrow, DType.FLOAT64)));
        compare(row, name, type, values, expected, run(() -> run.forward(narrow)));
    }

    private static List<Sample> run(Supplier<List<Sample>> code) {
        try {
            return code.get();
        } catch (ArithmeticException | IllegalArgumentException | UnsupportedOperationException e) {
            return null; // refused, as a matrix with a NaN may be
        }
    }

    private static void compare(
            Row row, String name, DType type, List<Sample> values, List<Sample> expected, List<Sample> got) {
        assertEquals(expected == null, got == null, () -> name + ": one type is refused, the other is not");
        for (int i = 0; expected != null && i < expected.size(); i++) {
            if (expected.get(i) == null || got.get(i) == null) {
                assertEquals(expected.get(i), got.get(i), name + i);
                continue;
            }
            double[] e = expected.get(i).values();
            double[] g = got.get(i).values();
            for (int k = 0; k < e.length; k++) {
                double wanted = (float) e[k];
                if (!isSame(row, name, type, wanted, g[k])) {
                    int at = k;
                    String inputs = values.stream()
                            .map(v -> v.values().length == e.length ? "" + v.values()[at] : "…")
                            .toList()
                            .toString();
                    fail(name + i + ", element " + k + " of " + inputs + ": expected " + wanted + ", got " + g[k]);
                }
            }
        }
    }

    private static boolean isSame(Row row, String name, DType type, double wanted, double got) {
        boolean gradient = name.contains(", gradient ");
        if (Double.isNaN(wanted)) {
            return Double.isNaN(got)
                    || MULTIPLY_BY_NOTHING.contains(name(row))
                    || INFINITE_OR_NAN.contains(name(row)) && Double.isInfinite(got);
        }
        if (Double.isInfinite(wanted)) {
            return wanted == got || INFINITE_OR_NAN.contains(name(row)) && Double.isNaN(got);
        }
        if (wanted == 0 && got == 0) {
            boolean signed = !gradient && row.operator() instanceof Pointwise && !UNSIGNED.contains(name(row));
            return !signed || 1 / wanted == 1 / got;
        }
        double unit =
                type == DType.FLOAT32 ? 20 * row.tolerance(type, wanted, 100) : 0x1p-5 * Math.max(1, Math.abs(wanted));
        return Math.abs(wanted - got) <= unit;
    }

    private static List<Sample> cast(List<Sample> values, DType type) {
        try (Scope scope = Scope.open()) {
            return values.stream()
                    .map(s -> s.dtype().isFloating()
                            ? Sample.of(NDArray.of(s.shape(), floats(s)).cast(type))
                            : s)
                    .toList();
        }
    }

    private static float[] floats(Sample s) {
        float[] f = new float[s.values().length];
        for (int i = 0; i < f.length; i++) {
            f[i] = (float) s.values()[i];
        }
        return f;
    }

    private static Sample plant(Sample s, double[] plants, int seed) {
        double[] v = s.values().clone();
        Random random = new Random(seed);
        for (double p : plants) {
            v[random.nextInt(v.length)] = p;
        }
        return new Sample(s.shape(), s.dtype(), v);
    }

    private static Double[] boxed(double... values) {
        return Arrays.stream(values).boxed().toArray(Double[]::new);
    }
}
