package io.kiln.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.Shape;
import io.kiln.op.Pointwise;
import io.kiln.op.table.Argument;
import io.kiln.op.table.OperatorTable;
import io.kiln.op.table.Row;
import io.kiln.op.table.RowRun;
import io.kiln.op.table.Sample;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Every operator treats NaN, infinities, -0 and subnormal numbers in float32 as its definition says: as in float64, which plain Java
 * computes.
 */
class SpecialValuesTest {
    private static final double NAN = Double.NaN;
    private static final double INF = Double.POSITIVE_INFINITY;
    private static final double TINY = 1e-41;

    /** What is planted together into one input. */
    private static final double[][] PLANTS = {
        {NAN}, {INF}, {-INF}, {-0.0, TINY, -TINY}, {NAN, INF, -INF, -0.0, TINY, -TINY}
    };

    private static final double[] VALUES = {
        NAN, INF, -INF, 0, -0.0, TINY, -TINY, 1, -1, 0.5, -2.5, 20, -90, 100, 1e-20, -1e30, 3e38, -3.4e38
    };

    @BeforeEach
    void takeTwoThreads() {
        EngineThreads.set(2);
    }

    @TestFactory
    Stream<DynamicTest> plantedIntoTheRowsOfTheTable() {
        return OperatorTable.rows().stream()
                .filter(row -> row.dtypes().contains(DType.FLOAT64)
                        && row.dtypes().contains(DType.FLOAT32))
                .flatMap(row -> row.cases().stream()
                        .filter(c -> c.arguments().stream().allMatch(a -> a.shape().size() <= 1000))
                        .map(c -> dynamicTest(row + " on " + c, () -> planted(row, c))));
    }

    @TestFactory
    Stream<DynamicTest> ofAllPairsInElementwiseOperators() {
        return OperatorTable.rows().stream()
                .filter(row -> row.operator() instanceof Pointwise)
                .filter(row -> row.dtypes().contains(DType.FLOAT64))
                .map(row -> dynamicTest(row.toString(), () -> pairs(row)));
    }

    private static void planted(Row row, Row.Case call) {
        List<Sample> plain = row.samples(call, DType.FLOAT64);
        for (int input = 0; input < plain.size(); input++) {
            Sample s = plain.get(input);
            if (call.arguments().get(input).dtype() != null || s.values().length == 0) {
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
        int inputs = row.cases().get(0).arguments().size();
        int n = VALUES.length;
        List<Sample> values = new ArrayList<>();
        List<Argument> arguments = new ArrayList<>();
        for (int input = 0; input < inputs; input++) {
            double[] v = new double[n * n];
            for (int i = 0; i < v.length; i++) {
                v[i] = VALUES[(input == 0 ? i / n : i % n)];
            }
            DType type = row.cases().get(0).arguments().get(input).dtype();
            if (type != null) {
                return;
            }
            arguments.add(Argument.values(Shape.of(v.length), v));
            values.add(new Sample(Shape.of(v.length), DType.FLOAT64, v));
        }
        check(row, new Row.Case(arguments, false), values, "all pairs");
    }

    private static void check(Row row, Row.Case call, List<Sample> values, String what) {
        List<Sample> wide = cast(values, DType.FLOAT64);
        List<Sample> narrow = cast(values, DType.FLOAT32);
        RowRun run = new RowRun(row, call);
        String name = row + " on " + call + ", " + what;
        List<Sample> expected = run(name, () -> run.forward(wide));
        List<Sample> got = run(name, () -> run.forward(narrow));
        compare(row, call, name + ", output ", values, expected, got);
        if (row.order() > 0 && expected != null) {
            compare(row, call, name + ", gradient ", values, run.gradient(wide), run.gradient(narrow));
        }
    }

    private static List<Sample> run(String name, Supplier<List<Sample>> code) {
        try {
            return code.get();
        } catch (ArithmeticException | IllegalArgumentException e) {
            return null; // refused, as a matrix with a NaN may be
        }
    }

    private static void compare(
            Row row, Row.Case call, String name, List<Sample> values, List<Sample> expected, List<Sample> got) {
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
                double tolerance = 20 * row.tolerance(DType.FLOAT32, wanted, 100);
                boolean same = Double.isNaN(wanted)
                        ? Double.isNaN(g[k])
                        : wanted == g[k] || Math.abs(wanted - g[k]) <= tolerance;
                boolean signed = !(row.operator() instanceof Pointwise)
                        || wanted != 0
                        || g[k] != 0
                        || 1 / wanted == 1 / g[k];
                if (!same || !signed) {
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

    private static List<Sample> cast(List<Sample> values, DType type) {
        return values.stream()
                .map(s -> s.dtype() != DType.FLOAT64 ? s : new Sample(s.shape(), type, rounded(s.values())))
                .toList();
    }

    private static double[] rounded(double[] values) {
        double[] r = new double[values.length];
        for (int i = 0; i < r.length; i++) {
            r[i] = (float) values[i];
        }
        return r;
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
        Double[] b = new Double[values.length];
        for (int i = 0; i < b.length; i++) {
            b[i] = values[i];
        }
        return b;
    }
}
