package io.kiln.op;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.kiln.autograd.Autograd;
import io.kiln.graph.RecordJson;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.op.activation.Celu;
import io.kiln.op.activation.Elu;
import io.kiln.op.activation.Gelu;
import io.kiln.op.math.Polygamma;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Functions of one number against values of mpmath ({@code special.py}), from end to end of their domains. */
class SpecialFunctionsTest {
    private static final int FLOAT_UNITS = 4;
    private static final int DOUBLE_UNITS = 16;

    /** A point of a function: argument, value, slope (NaN where the file has none). */
    private record Point(double x, double y, double slope) {}

    private static final Map<String, Operator> OPERATORS = Map.ofEntries(
            Map.entry("celu", new Celu(2)),
            Map.entry("elu", new Elu(1.5)),
            Map.entry("gelu", new Gelu(false)),
            Map.entry("approximateGelu", new Gelu(true)),
            Map.entry("polygamma1", new Polygamma(1)),
            Map.entry("polygamma2", new Polygamma(2)),
            Map.entry("polygamma3", new Polygamma(3)),
            Map.entry("polygamma4", new Polygamma(4)),
            Map.entry("polygamma6", new Polygamma(6)));

    static List<String> functions() throws IOException {
        return List.copyOf(table().keySet());
    }

    private static Map<String, List<Point>> table() throws IOException {
        Map<String, List<Point>> table = new LinkedHashMap<>();
        try (BufferedReader in = new BufferedReader(new InputStreamReader(
                SpecialFunctionsTest.class.getResourceAsStream("special.txt"), StandardCharsets.UTF_8))) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                String[] f = line.split("\t", -1);
                double slope = f[3].isEmpty() ? Double.NaN : Double.parseDouble(f[3]);
                table.computeIfAbsent(f[0], n -> new ArrayList<>())
                        .add(new Point(Double.parseDouble(f[1]), Double.parseDouble(f[2]), slope));
            }
        }
        return table;
    }

    private static Operator operator(String name) {
        Operator known = OPERATORS.get(name);
        return known != null ? known : RecordJson.read(Operator.class, name, JsonNodeFactory.instance.objectNode());
    }

    private static double[] run(Operator operator, DType type, List<Point> points, double[] slopes) {
        try (Scope scope = Scope.open()) {
            double[] x = points.stream().mapToDouble(Point::x).toArray();
            NDArray in =
                    Autograd.attachGradient(NDArray.of(Shape.of(x.length), x).cast(type));
            NDArray y;
            try (Autograd.Mode record = Autograd.record()) {
                y = Dispatch.one(operator, in);
            }
            Autograd.backward(y);
            System.arraycopy(Autograd.gradient(in).toDoubleArray(), 0, slopes, 0, x.length);
            return y.toDoubleArray();
        }
    }

    /**
     * Results below the normal range may lose the digits that are lost on the way there. oneDNN's logistic function gives 0 below it,
     * so that the product with x loses whole numbers.
     */
    private static double unit(String name, DType type, double y) {
        double logistic = name.equals("sigmoid") ? 0.25 : name.equals("silu") ? 24 : 0x1p-18;
        return type == DType.FLOAT32
                ? Math.max(Math.ulp((float) Math.abs(y)), Float.MIN_NORMAL * logistic)
                : Math.max(Math.ulp(y), Double.MIN_NORMAL * 0x1p-40);
    }

    private static void check(String name, DType type, int units) throws IOException {
        List<Point> points = table().get(name).stream()
                .filter(p -> type == DType.FLOAT64 || (double) (float) p.x() == p.x())
                .toList();
        double[] slopes = new double[points.size()];
        double[] got = run(operator(name), type, points, slopes);
        List<String> wrong = new ArrayList<>();
        for (int i = 0; i < got.length; i++) {
            Point p = points.get(i);
            double expected = type == DType.FLOAT32 ? (float) p.y() : p.y();
            if (Double.compare(expected, got[i]) == 0 || expected == got[i]) {
                continue;
            }
            double off = Math.abs(got[i] - p.y()) / unit(name, type, p.y());
            if (!(off <= units)) {
                wrong.add(p.x() + ": expected " + expected + ", got " + got[i] + ", off by " + off);
            }
        }
        assertTrue(
                wrong.isEmpty(),
                () -> name + " in " + type + ": " + wrong.size() + " of " + got.length + " "
                        + String.join("\n", wrong.subList(0, Math.min(12, wrong.size()))));
        assertEquals(0, slopesOff(points, slopes, type), () -> name + " in " + type + ": slopes");
    }

    private static int slopesOff(List<Point> points, double[] slopes, DType type) {
        double unit = type == DType.FLOAT32 ? 2e-5 : 1e-11;
        double largest = type == DType.FLOAT32 ? 1e30 : 1e290;
        int off = 0;
        for (int i = 0; i < slopes.length; i++) {
            double s = points.get(i).slope();
            if (Math.abs(s) < largest
                    && Math.abs(points.get(i).y()) < largest
                    && Math.abs(points.get(i).x()) > 1e-30) {
                if (!(Math.abs(slopes[i] - s) <= unit * Math.max(1, Math.abs(s)))) {
                    off++;
                }
            }
        }
        return off;
    }

    @ParameterizedTest
    @MethodSource("functions")
    void floatsAreWithinFourUnitsInTheLastPlace(String name) throws IOException {
        check(name, DType.FLOAT32, FLOAT_UNITS);
    }

    @ParameterizedTest
    @MethodSource("functions")
    void doublesAreWithinSixteenUnitsInTheLastPlace(String name) throws IOException {
        check(name, DType.FLOAT64, DOUBLE_UNITS);
    }
}
