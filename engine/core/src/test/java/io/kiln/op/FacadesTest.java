package io.kiln.op;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.graph.Graph;
import io.kiln.graph.GraphBuilder;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.linalg.Linalg;
import io.kiln.op.math.AddScalar;
import io.kiln.op.math.Clip;
import io.kiln.op.math.CompareScalar;
import io.kiln.op.math.Comparison;
import io.kiln.op.math.DivScalar;
import io.kiln.op.math.Elementwise;
import io.kiln.op.math.Neg;
import io.kiln.op.math.PowScalar;
import io.kiln.op.math.RdivScalar;
import io.kiln.op.math.RsubScalar;
import io.kiln.op.math.Square;
import io.kiln.op.reduce.Mean;
import io.kiln.op.reduce.Reductions;
import io.kiln.op.reduce.Variance;
import io.kiln.op.shape.Movement;
import io.kiln.op.shape.Slice;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The static groups and the methods of arrays call the operators that they are named after, in the order of arguments. */
class FacadesTest {
    private static final Spec SPEC = new Spec(Shape.of(3, 3), DType.FLOAT32);

    /** Methods that have the field's name where the operator, whose name stands in files, has another. */
    private static final Map<String, String> OPERATORS = Map.of(
            "matmul", "matMul",
            "det", "determinant",
            "leftShift", "shiftLeft",
            "rightShift", "shiftRight",
            "logicalAnd", "and",
            "logicalOr", "or",
            "logicalXor", "xor",
            "logicalNot", "not",
            "zerosLike", "fullLike",
            "onesLike", "fullLike");

    private static boolean takesArraysOnly(Method m) {
        return Modifier.isPublic(m.getModifiers())
                && isArray(m.getReturnType())
                && Arrays.stream(m.getParameterTypes()).allMatch(FacadesTest::isArray);
    }

    /** Methods that symbols have as well are declared for both. */
    private static boolean isArray(Class<?> c) {
        return c == NDArray.class || c == Operand.class;
    }

    private static String operatorOf(Method m) throws ReflectiveOperationException {
        boolean isStatic = Modifier.isStatic(m.getModifiers());
        boolean bits = m.getName().startsWith("bitwise") || m.getName().endsWith("Shift");
        DType dtype = bits ? DType.INT64 : SPEC.dtype();
        try (GraphBuilder builder = GraphBuilder.open()) {
            List<NDArray> arrays = new ArrayList<>();
            int count = m.getParameterCount() + (isStatic ? 0 : 1);
            for (int i = 0; i < count; i++) {
                arrays.add(builder.input("x" + i, new Spec(SPEC.shape(), dtype)));
            }
            Object[] arguments = arrays.subList(isStatic ? 0 : 1, count).toArray();
            NDArray y = (NDArray) m.invoke(isStatic ? null : arrays.get(0), arguments);
            Graph graph = builder.build(y);
            assertEquals(1, graph.nodes().size(), m::toString);
            for (int i = 0; i < count; i++) {
                assertEquals(i, graph.nodes().get(0).inputs().get(i).value(), () -> m + ": order of arguments");
            }
            return graph.nodes().get(0).operator().name();
        }
    }

    private static String operatorNamed(Method m) {
        return OPERATORS.getOrDefault(m.getName(), m.getName());
    }

    @Test
    void staticMethodsCallTheOperatorOfTheirName() throws ReflectiveOperationException {
        int checked = 0;
        for (Method m : Elementwise.class.getDeclaredMethods()) {
            if (takesArraysOnly(m)) {
                assertEquals(operatorNamed(m), operatorOf(m));
                checked++;
            }
        }
        assertTrue(checked > 50, "only " + checked + " methods looked at");
        Method matmul = Linalg.class.getMethod("matmul", NDArray.class, NDArray.class);
        assertEquals(operatorNamed(matmul), operatorOf(matmul));
    }

    @Test
    void methodsOfArraysCallTheOperatorOfTheirName() throws ReflectiveOperationException {
        int checked = 0;
        for (Method m : NDArray.class.getMethods()) {
            boolean fluent = takesArraysOnly(m) && !Modifier.isStatic(m.getModifiers());
            if (fluent
                    && !List.of("detach", "gatherNd", "get", "prefetch", "where")
                            .contains(m.getName())) {
                assertEquals(operatorNamed(m), operatorOf(m));
                checked++;
            }
        }
        assertTrue(checked > 80, "only " + checked + " methods looked at");
    }

    @Test
    void numbersStandWhereTheyAreNamed() {
        try (GraphBuilder builder = GraphBuilder.open()) {
            NDArray x = builder.input("x", SPEC);
            x.div(2);
            x.pow(3);
            x.pow(2);
            x.sub(1);
            x.gt(0.5);
            Elementwise.sub(1, x);
            Elementwise.div(1, x);
            x.clip(-1, 2);
            Movement.slice(x, -1, 1, 3, 2);
            Reductions.mean(x, true, -1);
            Reductions.variance(x, 1, false);
            List<Operator> operators = builder.build(x.neg()).nodes().stream()
                    .map(Graph.Node::operator)
                    .toList();
            assertEquals(
                    List.of(
                            new DivScalar(2),
                            new PowScalar(3),
                            new Square(),
                            new AddScalar(-1),
                            new CompareScalar(Comparison.GT, 0.5),
                            new RsubScalar(1),
                            new RdivScalar(1),
                            new Clip(-1, 2, false),
                            new Slice(List.of(0L, 1L), List.of(Long.MAX_VALUE, 3L), List.of(1L, 2L)),
                            new Mean(List.of(1L), true),
                            new Variance(List.of(), false, 1),
                            new Neg()),
                    operators);
        }
    }

    @Test
    void splitGivesPartsAndRefusesUnequalOnes() {
        try (GraphBuilder builder = GraphBuilder.open()) {
            NDArray x = builder.input("x", new Spec(Shape.of(2, 6), DType.FLOAT32));
            List<NDArray> parts = Movement.split(x, 3, 1);
            assertEquals(3, parts.size());
            parts.forEach(p -> assertEquals(Shape.of(2, 2), p.shape()));
            String message = assertThrows(IllegalArgumentException.class, () -> Movement.split(x, 4, 1))
                    .getMessage();
            assertEquals("split: axis 1 of x[2,6] does not fall into 4 equal parts", message);
        }
    }
}
