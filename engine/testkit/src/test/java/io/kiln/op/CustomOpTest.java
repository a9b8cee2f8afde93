package io.kiln.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.autograd.Autograd;
import io.kiln.graph.Graph;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.nn.Block;
import io.kiln.nn.GraphBlock;
import io.kiln.nn.Lambda;
import io.kiln.op.index.ScatterAddAlong;
import io.kiln.op.math.Elementwise;
import io.kiln.op.random.RandomGenerator;
import io.kiln.op.random.RandomOps;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class CustomOpTest {
    private static final Spec INPUT = new Spec(Shape.of(Shape.UNKNOWN, 4), DType.FLOAT32);

    private Scope scope;

    /** Sorts each row by Java code on values; the gradient goes back to where the values came from. */
    record SortRows(boolean descending) implements CustomOp {
        @Override
        public Spec[] infer(Spec... inputs) {
            return new Spec[] {inputs[0], new Spec(inputs[0].shape(), DType.INT64)};
        }

        @Override
        public NDArray[] forward(NDArray... inputs) {
            float[] values = inputs[0].toFloatArray();
            int n = (int) inputs[0].shape().dim(-1);
            float[] sorted = new float[values.length];
            long[] from = new long[values.length];
            for (int row = 0; row < values.length; row += n) {
                int start = row;
                Integer[] order = new Integer[n];
                Arrays.setAll(order, i -> i);
                int sign = descending ? -1 : 1;
                Arrays.sort(order, (a, b) -> sign * Float.compare(values[start + a], values[start + b]));
                for (int i = 0; i < n; i++) {
                    sorted[row + i] = values[row + order[i]];
                    from[row + i] = order[i];
                }
            }
            Shape shape = inputs[0].shape();
            return new NDArray[] {NDArray.of(shape, sorted), NDArray.of(shape, from)};
        }

        @Override
        public NDArray[] backward(NDArray[] dy, NDArray[] x, NDArray[] y) {
            NDArray zeros = NDArray.zeros(x[0].shape(), x[0].dtype());
            return new NDArray[] {Dispatch.one(new ScatterAddAlong(-1), zeros, y[1], dy[0])};
        }
    }

    /** Nobody registers it. */
    record Unknown() implements CustomOp {
        @Override
        public Spec[] infer(Spec... inputs) {
            return inputs;
        }

        @Override
        public NDArray[] forward(NDArray... inputs) {
            return new NDArray[] {inputs[0]};
        }

        @Override
        public NDArray[] backward(NDArray[] dy, NDArray[] x, NDArray[] y) {
            return dy;
        }
    }

    /** Says one thing and does another. */
    record Wrong(boolean forward) implements CustomOp {
        @Override
        public Spec[] infer(Spec... inputs) {
            return inputs;
        }

        @Override
        public NDArray[] forward(NDArray... inputs) {
            return new NDArray[] {forward ? inputs[0].sum() : inputs[0].mul(2)};
        }

        @Override
        public NDArray[] backward(NDArray[] dy, NDArray[] x, NDArray[] y) {
            return new NDArray[] {dy[0].sum()};
        }
    }

    @BeforeAll
    static void register() {
        CustomOps.register(SortRows.class);
    }

    @BeforeEach
    void open() {
        scope = Scope.open();
        RandomGenerator.seed(0);
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private static Block network() {
        return new Lambda(x -> {
            NDArray weights = Elementwise.exp(x.mul(0)).mul(NDArray.of(1f, 2f, 3f, 4f));
            return CustomOps.call(new SortRows(true), x.square())[0].mul(weights);
        });
    }

    private static float[] gradient(Block net, NDArray input) {
        NDArray x = Autograd.attachGradient(input.copy());
        NDArray y;
        try (Autograd.Mode record = Autograd.record()) {
            y = net.call(x);
        }
        Autograd.backward(y);
        return Autograd.gradient(x).toFloatArray();
    }

    @Test
    void runsEagerlyAndIsRecorded() {
        NDArray x = NDArray.of(Shape.of(2, 4), 1f, -3f, 2f, 0f, 4f, 1f, -2f, 3f);
        assertArrayEquals(
                new float[] {9, 8, 3, 0, 16, 18, 12, 4}, network().forward(x).toFloatArray());
        assertArrayEquals(new float[] {6, -6, 8, 0, 8, 8, -12, 12}, gradient(network(), x));
    }

    @Test
    void tracedItIsANodeThatTravelsThroughJson() {
        GraphBlock traced = network().toGraphBlock(INPUT);
        GraphBlock read = new GraphBlock(Graph.fromJson(traced.graph().toJson()));
        read.load(traced.values());
        Custom node = (Custom) read.graph().nodes().stream()
                .map(Graph.Node::operator)
                .filter(o -> o instanceof Custom)
                .findFirst()
                .orElseThrow();
        assertEquals(new SortRows(true), node.op());
        NDArray x = RandomOps.normal(Shape.of(3, 4), 0, 1, DType.FLOAT32);
        assertArrayEquals(network().forward(x).toFloatArray(), read.forward(x).toFloatArray());
        assertArrayEquals(gradient(network(), x), gradient(read, x));
    }

    @Test
    void aHybridizedBlockRunsItAsItStands() {
        NDArray x = RandomOps.normal(Shape.of(3, 4), 0, 1, DType.FLOAT32);
        Block compiled = network();
        compiled.hybridize();
        assertArrayEquals(network().call(x).toFloatArray(), compiled.call(x).toFloatArray());
        assertArrayEquals(gradient(network(), x), gradient(compiled, x));
    }

    @Test
    void aGraphCannotNameAClassThatNobodyRegistered() {
        String json = network().toGraphBlock(INPUT).graph().toJson();
        for (String name : new String[] {"java.lang.Runtime", Unknown.class.getName(), "io.kiln.op.activation.Relu"}) {
            String bad = json.replace(SortRows.class.getName(), name);
            String m = assertThrows(IllegalArgumentException.class, () -> Graph.fromJson(bad))
                    .getMessage();
            assertTrue(m.contains(name + " is not registered") && m.contains("META-INF/services"), m);
        }
        Graph unreadable = new Lambda(x -> CustomOps.call(new Unknown(), x)[0]).trace(INPUT);
        String m =
                assertThrows(IllegalArgumentException.class, unreadable::toJson).getMessage();
        assertTrue(m.contains("is not registered"), m);
    }

    @Test
    void classesNamedAsServicesAreRegistered() {
        assertEquals(ServedOp.class, CustomOps.find(ServedOp.class.getName()));
        Graph g = new Lambda(x -> CustomOps.call(new ServedOp(3), x)[0]).trace(INPUT);
        assertEquals(g, Graph.fromJson(g.toJson()));
        assertFalse(g.nodes().isEmpty());
    }

    @Test
    void whatDoesNotFitItsShapeRuleIsRefused() {
        NDArray x = NDArray.of(1f, 2f);
        ShapeException e = assertThrows(ShapeException.class, () -> CustomOps.call(new Wrong(true), x));
        assertTrue(
                e.getMessage().contains("says that it gives [float32[2]], its forward gave [float32[]]"),
                e.getMessage());
        e = assertThrows(
                ShapeException.class, () -> gradient(new Lambda(a -> CustomOps.call(new Wrong(false), a)[0]), x));
        assertTrue(
                e.getMessage().contains("gave float32[] as the gradient of input 0, which is float32[2]"),
                e.getMessage());
        CustomOp anonymous = new CustomOp() {
            @Override
            public Spec[] infer(Spec... inputs) {
                return inputs;
            }

            @Override
            public NDArray[] forward(NDArray... inputs) {
                return inputs;
            }

            @Override
            public NDArray[] backward(NDArray[] dy, NDArray[] in, NDArray[] out) {
                return dy;
            }
        };
        assertArrayEquals(new float[] {1, 2}, CustomOps.call(anonymous, x)[0].toFloatArray());
        assertThrows(IllegalArgumentException.class, () -> CustomOps.register(anonymous.getClass()));
    }
}
