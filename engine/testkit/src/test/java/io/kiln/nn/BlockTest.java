package io.kiln.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.autograd.Autograd;
import io.kiln.autograd.GradReq;
import io.kiln.graph.Graph;
import io.kiln.init.Constant;
import io.kiln.init.Msra;
import io.kiln.init.Normal;
import io.kiln.init.Ones;
import io.kiln.init.Orthogonal;
import io.kiln.init.Uniform;
import io.kiln.init.Xavier;
import io.kiln.init.Zeros;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.op.Role;
import io.kiln.op.activation.Activation;
import io.kiln.op.random.RandomGenerator;
import io.kiln.op.random.RandomOps;
import io.kiln.op.shape.Movement;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BlockTest {
    private static final Spec INPUT = new Spec(Shape.of(Shape.UNKNOWN, 4), DType.FLOAT32);

    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open();
        RandomGenerator.seed(0);
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private static final class Residual extends Block {
        private final Dense a = addChild("a", new Dense(8, Activation.RELU));
        private final Dense b = addChild("b", new Dense(4));
        private final Parameter scale = addParameter(new Parameter("scale", Role.GAMMA, new Ones()));

        @Override
        public NDArray forward(NDArray x) {
            NDArray y = b.call(a.call(x)).add(x);
            return y.mul(scale.complete(Shape.of(4)).data());
        }
    }

    private static NDArray batch() {
        return RandomOps.normal(Shape.of(3, 4), 0, 1, DType.FLOAT32);
    }

    @Test
    void aTraceOfACopyLeavesTheBlockFreeForOtherWidths() {
        Sequential net = new Sequential(new Dense(8, Activation.RELU), new Dense(2));
        for (int width : new int[] {4, 6}) {
            Graph copy = net.traceCopy(new Spec(Shape.of(Shape.UNKNOWN, width), DType.FLOAT32))
                    .graph();
            assertEquals(Shape.of(8, width), copy.parameters().get(0).spec().shape());
            net.parameters().values().forEach(p -> assertNull(p.shape()));
        }
        net.inferShapes(Shape.of(-1, 4));
        assertEquals(net.trace(INPUT).toJson(), net.traceCopy(INPUT).graph().toJson());
        Spec wider = new Spec(Shape.of(Shape.UNKNOWN, 5), DType.FLOAT32);
        assertEquals(
                Shape.of(8, 5),
                net.traceCopy(wider).graph().parameters().get(0).spec().shape());
        net.values();
        ShapeException e = assertThrows(ShapeException.class, () -> net.traceCopy(wider));
        assertTrue(e.getMessage().contains("[8,4]") && e.getMessage().contains("[8,5]"), e.getMessage());
    }

    @Test
    void parametersAreNamedByTheirPlace() {
        Sequential net = new Sequential(new Residual(), new Dense(2));
        assertEquals(
                List.of("0.scale", "0.a.weight", "0.a.bias", "0.b.weight", "0.b.bias", "1.weight", "1.bias"),
                List.copyOf(net.parameters().keySet()));
    }

    @Test
    void graphNodesAndParametersAreNamedByTheirPlace() {
        Graph g = new Sequential(new Residual(), new Dense(2)).trace(INPUT);
        assertEquals(
                List.of("0.a/linear", "0.b/linear", "0/add", "0/mul", "1/linear"),
                g.nodes().stream().map(Graph.Node::name).toList());
        assertEquals(
                List.of("0.a.weight", "0.a.bias", "0.b.weight", "0.b.bias", "0.scale", "1.weight", "1.bias"),
                g.parameters().stream().map(Graph.ParameterInfo::name).toList());
        assertEquals(Shape.of(8, 4), g.parameters().get(0).spec().shape());
        assertEquals(
                new Spec(Shape.of(Shape.UNKNOWN, 2), DType.FLOAT32),
                g.spec(g.outputs().get(0)));
    }

    @Test
    void shapesAreStatedByTheFirstForwardPass() {
        Dense d = new Dense(2);
        assertNull(d.parameters().get("weight").shape());
        assertThrows(IllegalStateException.class, d::values);
        d.forward(batch());
        assertEquals(Shape.of(2, 4), d.parameters().get("weight").shape());
        ShapeException e =
                assertThrows(ShapeException.class, () -> d.forward(NDArray.zeros(Shape.of(3, 5), DType.FLOAT32)));
        assertTrue(e.getMessage().contains("weight") && e.getMessage().contains("[2,5]"), e.getMessage());
    }

    @Test
    void onlyTheBatchMayBeUnknown() {
        Spec unknown = new Spec(Shape.of(Shape.UNKNOWN, Shape.UNKNOWN), DType.FLOAT32);
        ShapeException e = assertThrows(ShapeException.class, () -> new Dense(2).trace(unknown));
        assertTrue(e.getMessage().contains("only the batch"), e.getMessage());
    }

    @Test
    void firstValuesDependOnSeedAndNameOnly() {
        Sequential a = new Sequential(new Dense(5), new Dense(3));
        a.initialize(42);
        NDArray x = batch();
        NDArray y = a.forward(x);
        Sequential b = new Sequential(new Dense(5), new Dense(3));
        b.initialize(42);
        b.inferShapes(Shape.of(Shape.UNKNOWN, 4));
        RandomGenerator.seed(99);
        assertArrayEquals(y.toFloatArray(), b.forward(x).toFloatArray());
        GraphBlock graph = new GraphBlock(Graph.fromJson(a.trace(INPUT).toJson()));
        graph.initialize(42);
        assertArrayEquals(y.toFloatArray(), graph.forward(x).toFloatArray());
        b.initialize(43);
        assertNotEquals(y.get(0, 0), b.forward(x).get(0, 0));
        float[] first = a.parameters().get("0.weight").value().toFloatArray();
        float[] second = a.parameters().get("1.weight").value().toFloatArray();
        assertNotEquals(first[0], second[0]);
    }

    @Test
    void drawingFirstValuesLeavesTheThreadsGeneratorAlone() {
        Dense d = new Dense(3);
        d.initialize(1);
        RandomGenerator.State before = RandomGenerator.state();
        d.forward(NDArray.zeros(Shape.of(1, 2), DType.FLOAT32));
        assertEquals(before, RandomGenerator.state());
    }

    @Test
    void sharedBlocksShareTheirParameters() {
        Dense d = new Dense(4);
        Sequential net = new Sequential(d, d);
        assertEquals(List.of("0.weight", "0.bias"), List.copyOf(net.parameters().keySet()));
        assertEquals(2, net.trace(INPUT).parameters().size());
    }

    @Test
    void parametersSurviveSavingAndLoading(@TempDir Path dir) throws IOException {
        Sequential a = new Sequential(new Dense(5), new BatchNorm(), new Dense(3));
        NDArray x = batch();
        NDArray y = a.forward(x);
        a.save(dir.resolve("net.safetensors"));
        Sequential b = new Sequential(new Dense(5), new BatchNorm(), new Dense(3));
        b.load(dir.resolve("net.safetensors"));
        assertArrayEquals(y.toFloatArray(), b.forward(x).toFloatArray());
        Sequential other = new Sequential(new Dense(5), new Dense(3));
        IllegalArgumentException e =
                assertThrows(IllegalArgumentException.class, () -> other.load(dir.resolve("net.safetensors")));
        assertTrue(e.getMessage().contains("1.gamma"), e.getMessage());
    }

    @Test
    void parametersOutliveTheScopeOfTheirFirstUse() {
        Dense d = new Dense(2);
        try (Scope step = Scope.open()) {
            d.forward(batch());
        }
        assertFalse(d.parameters().get("weight").value().isClosed());
        NDArray data = d.parameters().get("weight").value();
        d.close();
        assertTrue(data.isClosed());
    }

    @Test
    void frozenParametersGetNoGradient() {
        Sequential net = new Sequential(new Dense(5), new Dense(3));
        net.parameters().get("0.weight").freeze();
        NDArray y;
        try (Autograd.Mode record = Autograd.record()) {
            y = net.forward(batch());
        }
        Autograd.backward(y);
        assertNull(net.parameters().get("0.weight").gradient());
        assertEquals(Shape.of(5), net.parameters().get("0.bias").gradient().shape());
        net.parameters().get("0.weight").gradReq(GradReq.ADD);
        assertTrue(net.parameters().get("0.weight").isTrained());
    }

    @Test
    void gradientsAreAddedUpUntilTheyAreForgotten() {
        Dense d = new Dense(2);
        d.parameters().values().forEach(p -> p.gradReq(GradReq.ADD));
        NDArray x = batch();
        for (int pass = 1; pass <= 3; pass++) {
            NDArray y;
            try (Autograd.Mode record = Autograd.record()) {
                y = d.forward(x);
            }
            Autograd.backward(y);
            float sum = pass == 3 ? 3 : 3 * pass;
            assertArrayEquals(
                    new float[] {sum, sum},
                    d.parameters().get("bias").gradient().toFloatArray());
            if (pass == 2) {
                d.zeroGradients();
                assertNull(d.parameters().get("bias").gradient());
            }
        }
    }

    @Test
    void arraysThatAreNoParametersTravelAsConstantsOfTheCopy() {
        NDArray fixed = NDArray.of(1, 2, 3, 4);
        Block net = new Sequential(new Lambda(x -> x.add(fixed)), new Dense(2));
        NDArray x = batch();
        assertThrows(IllegalStateException.class, () -> net.trace(INPUT));
        GraphBlock copy = net.toGraphBlock(INPUT);
        assertArrayEquals(net.forward(x).toFloatArray(), copy.forward(x).toFloatArray());
    }

    @Test
    void unregisteredParametersAreRefusedWhenTraced() {
        Dense hidden = new Dense(2);
        Block net = new Lambda(hidden::forward);
        IllegalStateException e = assertThrows(IllegalStateException.class, () -> net.trace(INPUT));
        assertTrue(e.getMessage().contains("addChild"), e.getMessage());
    }

    @Test
    void aGraphInsideANetworkIsTracedAgainWithItsRunningStatistics() {
        Sequential body = new Sequential(new Dense(5), new BatchNorm());
        NDArray x = batch();
        body.forward(x);
        Sequential net = new Sequential(body.toGraphBlock(INPUT), new Dense(2));
        Graph g = net.trace(INPUT);
        assertEquals(
                List.of("0.1.running_mean", "0.1.running_variance"),
                g.updates().stream().map(Graph.Update::parameter).toList());
        NDArray y = net.forward(x);
        assertArrayEquals(y.toFloatArray(), g.run(net.values(), x)[0].toFloatArray());
    }

    @Test
    void severalInputsAreTraced() {
        Block pair = new Block() {
            private final Dense a = addChild("a", new Dense(3));

            @Override
            public NDArray forward(NDArray x) {
                return forwardAll(x, x)[0];
            }

            @Override
            public NDArray[] forwardAll(NDArray... in) {
                return new NDArray[] {Movement.concat(1, a.call(in[0]), in[1]), in[1].sum(1)};
            }
        };
        NDArray x = batch();
        NDArray y = batch();
        NDArray[] eager = pair.forwardAll(x, y);
        NDArray[] traced = pair.toGraphBlock(INPUT, INPUT).forwardAll(x, y);
        assertEquals(Shape.of(3, 7), traced[0].shape());
        assertArrayEquals(eager[0].toFloatArray(), traced[0].toFloatArray());
        assertArrayEquals(eager[1].toFloatArray(), traced[1].toFloatArray());
        assertThrows(IllegalArgumentException.class, () -> new Dense(1).forwardAll(x, y));
    }

    @Test
    void namesAreTakenOnce() {
        Residual r = new Residual();
        assertThrows(IllegalArgumentException.class, () -> r.addChild("a", new Dense(1)));
        assertThrows(IllegalArgumentException.class, () -> r.addParameter(new Parameter("b", Role.BIAS, new Zeros())));
    }

    @Test
    void batchNormMovesItsStatisticsInTrainModeOnly() {
        BatchNorm norm = new BatchNorm();
        NDArray x = batch();
        norm.forward(x);
        Parameter mean = norm.parameters().get("running_mean");
        assertArrayEquals(new float[4], mean.value().toFloatArray());
        try (Autograd.Mode train = Autograd.trainMode()) {
            norm.forward(x);
        }
        assertArrayEquals(x.mean(0).mul(0.1).toFloatArray(), mean.value().toFloatArray(), 1e-6f);
        assertSame(Role.RUNNING_MEAN, mean.role());
        assertThrows(IllegalArgumentException.class, () -> mean.gradReq(GradReq.WRITE));
    }

    @Test
    void initializersFollowTheirFormulas() {
        Shape shape = Shape.of(60, 50, 2);
        double limit = Math.sqrt(3 / ((60 * 2 + 50 * 2) / 2.0));
        float[] xavier = new Xavier().create(shape).toFloatArray();
        for (float v : xavier) {
            assertTrue(Math.abs(v) <= limit, "beyond the limit: " + v);
        }
        assertEquals(limit / Math.sqrt(3), deviation(xavier), 0.05 * limit);
        double msra = Math.sqrt(2 / (1.0625 * 100));
        assertEquals(msra, deviation(new Msra().create(shape).toFloatArray()), 0.05 * msra);
        assertEquals(0.3, deviation(new Normal(0.3).create(shape).toFloatArray()), 0.02);
        assertEquals(
                0.6 / Math.sqrt(3), deviation(new Uniform(0.6).create(shape).toFloatArray()), 0.02);
        assertArrayEquals(
                new float[] {2, 2}, new Constant(2).create(Shape.of(2)).toFloatArray());
        assertThrows(ShapeException.class, () -> new Xavier().create(Shape.of(3)));
    }

    private static double deviation(float... values) {
        double squares = 0;
        for (float v : values) {
            squares += v * v;
        }
        return Math.sqrt(squares / values.length);
    }

    @Test
    void orthogonalRowsOrColumnsAreOrthonormal() {
        for (long[] dims : new long[][] {{3, 5}, {5, 3}, {4, 2, 3}}) {
            NDArray q = new Orthogonal(2).create(Shape.of(dims)).reshape(dims[0], -1);
            boolean wide = q.shape().dim(0) <= q.shape().dim(1);
            NDArray gram = wide ? q.matmul(q.transpose()) : q.transpose().matmul(q);
            for (int i = 0; i < gram.shape().dim(0); i++) {
                for (int j = 0; j < gram.shape().dim(1); j++) {
                    assertEquals(i == j ? 4 : 0, gram.get(i, j), 1e-5);
                }
            }
        }
    }

    @Test
    void parametersAreSetByCopy() {
        Parameter p = new Parameter("p", Role.WEIGHT, new Zeros());
        NDArray v = NDArray.of(1, 2);
        p.set(v);
        v.fill(7);
        assertArrayEquals(new float[] {1, 2}, p.value().toFloatArray());
        assertThrows(ShapeException.class, () -> p.set(NDArray.of(1, 2, 3)));
        assertThrows(
                IllegalStateException.class,
                () -> new Parameter("c", Role.CONSTANT, DType.FLOAT32, Shape.of(1), null).value());
    }

    @Test
    void valuesOfAGraphComeByName() {
        Sequential net = new Sequential(new Dense(2));
        Graph g = net.trace(INPUT);
        Map<String, NDArray> values = net.values();
        NDArray x = batch();
        assertArrayEquals(net.forward(x).toFloatArray(), g.run(values, x)[0].toFloatArray());
    }

    @Test
    void aClosedBlockRefusesEveryUse() {
        Dense inner = new Dense(2);
        Sequential net = new Sequential(inner, new Flatten());
        NDArray x = NDArray.ones(Shape.of(1, 3), DType.FLOAT32);
        net.call(x);
        net.close();
        net.close();
        for (Runnable use : List.<Runnable>of(
                () -> net.call(x),
                () -> net.callAll(x),
                () -> net.forward(x),
                () -> inner.call(x),
                () -> inner.forward(x),
                () -> net.trace(x.spec()),
                net::values,
                net::hybridize,
                () -> net.initialize(1),
                () -> net.load(Map.of("0.weight", x, "0.bias", x)),
                () -> net.parameters().get("0.weight").value())) {
            String m = assertThrows(IllegalStateException.class, use::run).getMessage();
            assertTrue(m.contains("closed"), m);
        }
    }

    @Test
    void aNewHeadBeginsAnewAndTheRestIsLoaded() {
        Sequential old = new Sequential(new Dense(4), new Dense(10));
        Sequential tuned = new Sequential(new Dense(4), new Dense(3));
        old.initialize(1);
        tuned.initialize(2);
        old.inferShapes(Shape.of(1, 5));
        assertThrows(IllegalStateException.class, () -> Load.matching(old.values(), UnaryOperator.identity(), tuned));
        tuned.inferShapes(Shape.of(1, 5));
        float[] head = tuned.values().get("1.weight").toFloatArray();
        assertThrows(ShapeException.class, () -> Load.from(old.values(), UnaryOperator.identity(), tuned));
        Load.Report report = Load.matching(old.values(), UnaryOperator.identity(), tuned);
        assertEquals(Set.of("0.weight", "0.bias"), report.loaded());
        assertEquals(Set.of(), report.missing());
        assertEquals(Set.of("1.weight", "1.bias"), report.otherShape());
        assertArrayEquals(head, tuned.values().get("1.weight").toFloatArray());
        assertArrayEquals(
                old.values().get("0.weight").toFloatArray(),
                tuned.values().get("0.weight").toFloatArray());
    }

    @Test
    void aLayerOnTheLastAxisKeepsTheOthers() {
        NDArray x = NDArray.ones(Shape.of(2, 5, 3), DType.FLOAT32);
        assertEquals(Shape.of(2, 5, 4), Dense.onLastAxis(4).call(x).shape());
        assertEquals(Shape.of(2, 4), new Dense(4).call(x).shape());
    }

    @Test
    void parametersMayBeCalledAsOperators() {
        Block net = new Block() {
            private final Parameter mean = addParameter(new Parameter("mean", Role.WEIGHT, new Ones()));

            @Override
            public NDArray forward(NDArray x) {
                return x.sub(x.mean(0)).add(mean.complete(Shape.of(4)).data()).mean(1);
            }
        };
        net.initialize(1);
        NDArray x = batch();
        float[] eager = net.call(x).toFloatArray();
        List<String> names =
                net.trace(INPUT).nodes().stream().map(Graph.Node::name).toList();
        assertEquals(List.of("mean_3", "sub", "add", "mean_2"), names);
        net.hybridize();
        assertArrayEquals(eager, net.call(x).toFloatArray(), 1e-6f);
    }
}
