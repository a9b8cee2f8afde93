package io.kiln.symbol;

import static java.util.stream.Collectors.toCollection;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.graph.Graph;
import io.kiln.graph.GraphBuilder;
import io.kiln.graph.KnownRecords;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.FluentOperand;
import io.kiln.op.Operand;
import io.kiln.op.Operator;
import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Which operators arrays and symbols have as methods: all but {@link #EXCEPTIONS} of {@link #FAMILIES}. */
@Tag("core")
class FluentOperandTest {
    /** The families of operators that need no weights, no random numbers and no graphs. */
    private static final List<String> FAMILIES = List.of("activation", "index", "linalg", "math", "reduce", "shape");

    private static final String SEVERAL = "gives several results";
    private static final String LIST = "takes a list of equals";
    private static final String GROUP = "has no first operand that the others follow";
    private static final Map<String, String> EXCEPTIONS = exceptions();

    private static Map<String, String> exceptions() {
        Map<String, String> e = new TreeMap<>();
        List.of("CumulativeMax", "CumulativeMin", "LogDeterminant", "Qr", "Svd", "SymmetricEigen", "TopK")
                .forEach(o -> e.put(o, SEVERAL));
        List.of("Concat", "Einsum", "KhatriRao").forEach(o -> e.put(o, LIST));
        List.of("Histogram", "ScatterNd", "SearchSorted", "SegmentMax", "SegmentMean", "SegmentMin", "SegmentSum")
                .forEach(o -> e.put(o, GROUP));
        e.put("DiagonalEmbed", "needs sizes that Movement.diagEmbed reads off the array");
        e.put("Fft", "works on pairs of numbers, which Fourier explains");
        e.put("Masked", "stands in gradients: where(condition, other)");
        e.put("PReluOp", "its slopes are weights: the layer PReLU, ActivationFunctions.prelu");
        e.put("PixelShuffleOp", "for images of any rank; depthToSpace for those of two axes");
        e.put("PixelUnshuffle", "for images of any rank; spaceToDepth for those of two axes");
        e.put("RdivScalar", "a number divided by the operand: Elementwise.div(c, x)");
        e.put("RsubScalar", "a number minus the operand: Elementwise.sub(c, x)");
        e.put("ScatterAdd", "scatter with ScatterMode.ADD, the older form of it");
        e.put("ScatterAddAlong", "scatterAlong with ScatterMode.ADD, the older form of it");
        e.put("TakeRows", "takes what nonMaximumSuppression keeps");
        return e;
    }

    @Test
    void everyOperatorIsAMethodOrAnException() throws Exception {
        TreeSet<String> called = new TreeSet<>();
        for (Method m : methods()) {
            Symbol y = (Symbol) m.invoke(Symbol.variable("x"), arguments(m));
            called.add(y.heads().get(0).node().operator.getClass().getSimpleName());
        }
        called.remove("Cast");
        called.remove("DropoutOp");
        TreeSet<String> both = new TreeSet<>(called);
        both.retainAll(EXCEPTIONS.keySet());
        assertEquals(new TreeSet<>(), both, "exceptions that are methods");
        called.addAll(EXCEPTIONS.keySet());
        assertEquals(operators(), called);
    }

    /** The same call on an array, traced, and on a symbol makes the same graph. */
    @Test
    void arraysAndSymbolsCallTheSameOperators() throws Exception {
        for (Method m : methods()) {
            Symbol y = (Symbol) m.invoke(Symbol.variable("x"), arguments(m));
            Operator operator = y.heads().get(0).node().operator;
            Spec[] specs = specs(operator);
            Map<String, Shape> shapes = new TreeMap<>();
            Map<String, DType> types = new TreeMap<>();
            try (GraphBuilder builder = GraphBuilder.open()) {
                Map<String, NDArray> inputs = new TreeMap<>();
                for (String name : y.listArguments()) {
                    Spec spec = specs[name.equals("x") ? 0 : name.equals("other1") ? 1 : 2];
                    shapes.put(name, spec.shape());
                    types.put(name, spec.dtype());
                    inputs.put(name, builder.input(name, spec));
                }
                Object[] arguments = Stream.of(arguments(m))
                        .map(a -> a instanceof Symbol s ? inputs.get(s.name()) : a)
                        .toArray();
                Graph traced = builder.build((NDArray) m.invoke(inputs.get("x"), arguments));
                assertEquals(operators(traced), operators(y.toGraph(shapes, types)), m::toString);
            }
        }
    }

    private static List<Operator> operators(Graph graph) {
        return graph.nodes().stream().map(Graph.Node::operator).toList();
    }

    /** Shapes and dtypes that an operator takes; those of most are matrices of float32. */
    private static Spec[] specs(Operator operator) {
        Spec matrix = new Spec(Shape.of(2, 2), DType.FLOAT32);
        Spec whole = new Spec(Shape.of(2, 2), DType.INT64);
        String name = operator.name();
        if (name.startsWith("bitwise") || name.startsWith("shift") || name.equals("oneHot")) {
            return new Spec[] {whole, whole};
        } else if (name.startsWith("gather")) {
            return new Spec[] {matrix, whole};
        } else if (name.startsWith("scatter")) {
            long[] updates =
                    name.equals("scatter") ? new long[] {2, 2, 2} : name.endsWith("Update") ? new long[] {2} : null;
            return new Spec[] {matrix, whole, updates == null ? matrix : new Spec(Shape.of(updates), DType.FLOAT32)};
        } else if (name.equals("squeeze")) {
            return new Spec[] {new Spec(Shape.of(1, 1), DType.FLOAT32)};
        } else if (name.endsWith("Space") || name.endsWith("Depth")) {
            return new Spec[] {new Spec(Shape.of(1, 1, 2, 2), DType.FLOAT32)};
        }
        return new Spec[] {matrix, matrix, matrix};
    }

    /** Beside the common list arrays have indexing and access from Java, symbols composition: nothing that is an operator. */
    @Test
    void nothingElseThatIsAnOperatorIsAMethodOfOneOfThem() {
        TreeSet<String> names = new TreeSet<>(KnownRecords.names(Operator.class));
        assertTrue(names.remove("copy"), "a symbol has no memory of its own, which a copy would be");
        TreeSet<String> common = methods().stream().map(Method::getName).collect(toCollection(TreeSet::new));
        TreeSet<String> apart = Stream.of(NDArray.class, Symbol.class)
                .flatMap(c -> Stream.of(c.getMethods()))
                .map(Method::getName)
                .filter(n -> names.contains(n) && !common.contains(n))
                .collect(toCollection(TreeSet::new));
        assertEquals(new TreeSet<>(), apart);
    }

    static List<Method> methods() {
        List<Method> methods = new ArrayList<>();
        for (Class<?> c = FluentOperand.class; c != Operand.class; c = c.getSuperclass()) {
            Stream.of(c.getDeclaredMethods())
                    .filter(m -> Modifier.isPublic(m.getModifiers()) && !m.isBridge())
                    .forEach(methods::add);
        }
        return methods;
    }

    private static Object[] arguments(Method m) {
        Class<?>[] types = m.getParameterTypes();
        Object[] arguments = new Object[types.length];
        int others = 0;
        for (int i = 0; i < types.length; i++) {
            boolean operand = Operand.class.isAssignableFrom(types[i]);
            arguments[i] = operand ? Symbol.variable("other" + ++others) : argument(types[i]);
        }
        return arguments;
    }

    private static Object argument(Class<?> type) {
        if (type.isEnum()) {
            return type == DType.class ? DType.FLOAT64 : type.getEnumConstants()[0];
        }
        return Map.<Class<?>, Object>of(
                        double.class,
                        0.5,
                        int.class,
                        1,
                        long.class,
                        1L,
                        boolean.class,
                        false,
                        int[].class,
                        new int[] {1, 0},
                        long[].class,
                        new long[] {2, 2},
                        Shape.class,
                        Shape.of(2, 2))
                .get(type);
    }

    private static TreeSet<String> operators() {
        TreeSet<String> operators = new TreeSet<>();
        try {
            Path root = Path.of(Operator.class
                            .getProtectionDomain()
                            .getCodeSource()
                            .getLocation()
                            .toURI())
                    .resolve("io/kiln/op");
            for (String family : FAMILIES) {
                try (Stream<Path> files = Files.list(root.resolve(family))) {
                    for (Path file : files.toList()) {
                        String name = file.getFileName().toString().replace(".class", "");
                        Class<?> c = Class.forName("io.kiln.op." + family + "." + name);
                        if (c.isRecord() && Operator.class.isAssignableFrom(c)) {
                            operators.add(name);
                        }
                    }
                }
            }
        } catch (ReflectiveOperationException | IOException | URISyntaxException e) {
            throw new AssertionError(e);
        }
        return operators;
    }
}
