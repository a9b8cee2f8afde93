package io.kiln.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.autograd.Autograd;
import io.kiln.backend.Allocator;
import io.kiln.backend.Backends;
import io.kiln.graph.Graph;
import io.kiln.graph.GraphBuilder;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.nn.BatchNorm;
import io.kiln.nn.Block;
import io.kiln.nn.Dense;
import io.kiln.nn.GraphBlock;
import io.kiln.nn.Lambda;
import io.kiln.op.activation.Activation;
import io.kiln.op.control.ControlFlow;
import io.kiln.op.control.ForEach;
import io.kiln.op.math.Elementwise;
import io.kiln.op.nn.Neural;
import io.kiln.op.random.RandomGenerator;
import io.kiln.op.random.RandomOps;
import io.kiln.op.shape.Movement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ControlFlowTest {
    private static final Spec INPUT = new Spec(Shape.of(Shape.UNKNOWN, 2, 3), DType.FLOAT32);

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

    /** A recurrent network over axis 0, with dropout, whose cell is a layer of the code around the loop. */
    private static final class Recurrent extends Block {
        private final Dense cell = addChild("cell", new Dense(3, Activation.TANH));

        @Override
        public NDArray forward(NDArray x) {
            NDArray scale = x.max().add(2);
            NDArray start = Elementwise.mul(x.mean(0), NDArray.of(0.5f, 1f, 2f));
            ControlFlow.Step r = ControlFlow.forEach(
                    (entries, states) -> {
                        NDArray h = cell.call(Movement.concat(1, entries.get(0), states.get(0)));
                        h = Neural.dropout(h, 0.25).div(scale);
                        return ControlFlow.Step.of(h.square(), h);
                    },
                    List.of(x),
                    List.of(start));
            return r.outputs().get(0).sum(0).add(r.states().get(0));
        }
    }

    /** Halves while the largest element is above 1, at most 6 times. */
    private static final class Halving extends Block {
        private final Dense gate = addChild("gate", new Dense(3));

        @Override
        public NDArray forward(NDArray x) {
            NDArray limit = x.min().mul(0).add(1);
            ControlFlow.Loop r = ControlFlow.whileLoop(
                    v -> v.get(0).max().gt(limit),
                    v -> ControlFlow.Step.of(
                            gate.call(v.get(0)).square(), v.get(0).mul(0.5)),
                    List.of(x.flatten(1).slice(1, 0, 3)),
                    6);
            return r.outputs()
                    .get(0)
                    .sum(0)
                    .add(r.variables().get(0))
                    .add(r.steps().cast(DType.FLOAT32));
        }
    }

    /** One of two layers by the sign of the sum. */
    private static final class Branching extends Block {
        private final Dense positive = addChild("positive", new Dense(2));
        private final Dense negative = addChild("negative", new Dense(2));

        @Override
        public NDArray forward(NDArray x) {
            return ControlFlow.cond(
                            x.sum().gt(0),
                            () -> List.of(positive.call(x).square()),
                            () -> List.of(negative.call(x).mul(x.mean())))
                    .get(0);
        }
    }

    private record Run(float[] output, Map<String, float[]> gradients) {}

    private static Run train(Block block, NDArray x) {
        RandomGenerator.seed(11);
        NDArray input = Autograd.attachGradient(x.copy());
        NDArray y;
        try (Autograd.Mode record = Autograd.record()) {
            y = block.call(input);
        }
        float[] output = y.toFloatArray();
        Autograd.backward(y);
        Map<String, float[]> gradients = new LinkedHashMap<>();
        gradients.put("input", Autograd.gradient(input).toFloatArray());
        block.parameters()
                .forEach((n, p) -> gradients.put(
                        n,
                        p.gradient() == null
                                ? new float[(int) p.shape().size()]
                                : p.gradient().toFloatArray()));
        return new Run(output, gradients);
    }

    private static void tracedEqualsEager(Block block, NDArray... inputs) {
        block.initialize(4);
        block.forward(inputs[0]);
        GraphBlock read = block.toGraphBlock(INPUT);
        GraphBlock traced = new GraphBlock(Graph.fromJson(read.graph().toJson()));
        traced.load(read.values());
        for (NDArray x : inputs) {
            Run eager = train(block, x);
            Run graph = train(traced, x);
            assertArrayEquals(eager.output(), graph.output());
            eager.gradients().forEach((n, g) -> {
                if (graph.gradients().containsKey(n)) {
                    assertArrayEquals(g, graph.gradients().get(n), 1e-6f, n);
                }
            });
            traced.zeroGradients();
            block.zeroGradients();
            RandomGenerator.seed(1);
            assertArrayEquals(block.forward(x).toFloatArray(), traced.forward(x).toFloatArray());
            block.hybridize();
            Run compiled = train(block, x);
            assertArrayEquals(eager.output(), compiled.output(), 1e-6f);
            eager.gradients()
                    .forEach((n, g) -> assertArrayEquals(g, compiled.gradients().get(n), 1e-5f, n));
            block.dehybridize();
            block.zeroGradients();
        }
    }

    private static NDArray normal(long... dims) {
        return RandomOps.normal(Shape.of(dims), 0, 1, DType.FLOAT32);
    }

    @Test
    void aTracedForEachEqualsTheEagerOneInOutputsAndGradients() {
        tracedEqualsEager(new Recurrent(), normal(5, 2, 3), normal(1, 2, 3));
    }

    @Test
    void aTracedWhileLoopEqualsTheEagerOneForAnyNumberOfSteps() {
        tracedEqualsEager(
                new Halving(),
                normal(2, 2, 3).mul(8),
                normal(2, 2, 3).mul(1000),
                normal(2, 2, 3).mul(0.1));
    }

    @Test
    void aTracedCondTakesTheBranchThatTheValueAsksFor() {
        tracedEqualsEager(
                new Branching(), normal(2, 2, 3).abs(), normal(2, 2, 3).abs().neg());
    }

    @Test
    void bodiesBecomeGraphsInsideOneNode() {
        Block net = new Recurrent();
        net.inferShapes(INPUT.shape());
        Graph g = net.toGraphBlock(INPUT).graph();
        List<String> nodes = g.nodes().stream().map(n -> n.operator().name()).toList();
        assertEquals(1, nodes.stream().filter("forEach"::equals).count());
        ForEach loop = (ForEach) g.nodes().get(nodes.indexOf("forEach")).operator();
        assertEquals("cell/linear", loop.body().nodes().get(1).name());
        // weight and bias of the cell, and the scale that is computed before the loop
        assertEquals(2 + 3, loop.body().inputs().size());
        assertEquals(
                List.of("cell.weight", "cell.bias"),
                g.parameters().stream()
                        .map(Graph.ParameterInfo::name)
                        .filter(n -> n.startsWith("cell"))
                        .toList());
    }

    @Test
    void eagerLoopsGiveKnownNumbers() {
        NDArray data = NDArray.of(Shape.of(3, 1), 1f, 2f, 3f);
        ControlFlow.Step sums = ControlFlow.forEach(
                (x, s) -> ControlFlow.Step.of(s.get(0).add(x.get(0)), s.get(0).add(x.get(0))),
                List.of(data),
                List.of(NDArray.of(10f)));
        assertArrayEquals(new float[] {11, 13, 16}, sums.outputs().get(0).toFloatArray());
        assertEquals(16, sums.states().get(0).item());
        ControlFlow.Loop powers = ControlFlow.whileLoop(
                v -> v.get(0).lt(20),
                v -> ControlFlow.Step.of(v.get(0), v.get(0).mul(3)),
                List.of(NDArray.of(1f)),
                5);
        assertArrayEquals(new float[] {1, 3, 9, 0, 0}, powers.outputs().get(0).toFloatArray());
        assertEquals(27, powers.variables().get(0).item());
        assertEquals(3, powers.steps().item());
    }

    @Test
    void loopsWithoutAStepGiveZerosOfTheShapesThatStepsWouldGive() {
        Dense layer = new Dense(4);
        layer.forward(normal(1, 2));
        ControlFlow.Step none = ControlFlow.forEach(
                (x, s) -> ControlFlow.Step.of(layer.call(x.get(0)), s.get(0).mul(2)),
                List.of(NDArray.zeros(Shape.of(0, 5, 2), DType.FLOAT32)),
                List.of(NDArray.of(7f)));
        assertEquals(Shape.of(0, 5, 4), none.outputs().get(0).shape());
        assertEquals(7, none.states().get(0).item());
        ControlFlow.Loop loop = ControlFlow.whileLoop(
                v -> v.get(0).lt(0), v -> ControlFlow.Step.of(v.get(0).add(1), v.get(0)), List.of(NDArray.of(7f)), 2);
        assertArrayEquals(new float[2], loop.outputs().get(0).toFloatArray());
        assertEquals(0, loop.steps().item());
    }

    @Test
    void statesThatAreHandedOnOrGivenOutStayValid() {
        Block net = new Lambda(x -> {
            ControlFlow.Step r = ControlFlow.forEach(
                    (e, s) -> new ControlFlow.Step(
                            List.of(s.get(0)), List.of(s.get(1), s.get(0).add(e.get(0)), s.get(2))),
                    List.of(x),
                    List.of(x.sum(0), x.mean(0), x.max(0)));
            return Movement.concat(
                    0, r.outputs().get(0), Movement.stack(0, r.states().toArray(NDArray[]::new)));
        });
        tracedEqualsEager(net, normal(5, 2, 3), normal(1, 2, 3));
    }

    @Test
    void predictingLoopsHoldOneStateAtATime() {
        Block net = new Lambda(x -> ControlFlow.forEach(
                        (e, s) -> ControlFlow.Step.of(
                                s.get(0).mean(), s.get(0).mul(0.5).add(e.get(0))),
                        List.of(x),
                        List.of(x.mean(0)))
                .outputs()
                .get(0));
        GraphBlock traced = net.toGraphBlock(new Spec(Shape.of(Shape.UNKNOWN, 10_000), DType.FLOAT32));
        NDArray x = normal(50, 10_000);
        Allocator memory = Backends.current().allocator();
        memory.resetPeak();
        long before = memory.liveBytes();
        float[] y = traced.forward(x).toFloatArray();
        long taken = memory.peakBytes() - before;
        assertTrue(taken < 10 * 40_000, "a state of 40,000 bytes took " + taken);
        assertArrayEquals(net.forward(x).toFloatArray(), y);
    }

    @Test
    void secondDerivativesGoThroughLoops() {
        NDArray x = Autograd.attachGradient(NDArray.of(3f));
        try (Autograd.Mode record = Autograd.record()) {
            NDArray cube = ControlFlow.forEach(
                            (e, s) -> new ControlFlow.Step(
                                    List.of(), List.of(s.get(0).mul(x))),
                            List.of(NDArray.of(1f, 1f, 1f)),
                            List.of(NDArray.of(1f)))
                    .states()
                    .get(0);
            NDArray first = Autograd.grad(cube, x, true);
            assertEquals(27, first.item());
            assertEquals(18, Autograd.grad(first, x, false).item());
        }
    }

    /** The gradient of the operator as a whole, which a compiler differentiates by, against the recorded calls. */
    @Test
    void theGradientOperatorOfALoopRepeatsItWithTheSameRandomNumbers() {
        ForEach loop;
        try (GraphBuilder b = GraphBuilder.openBody()) {
            NDArray x = b.input("x", new Spec(Shape.of(64), DType.FLOAT32));
            NDArray s = b.input("s", new Spec(Shape.of(64), DType.FLOAT32));
            NDArray h = Neural.dropout(x.mul(s), 0.5);
            loop = new ForEach(b.build(h, h.add(1)), 1, 1);
        }
        NDArray x = Autograd.attachGradient(normal(3, 64));
        NDArray s = Autograd.attachGradient(normal(64));
        NDArray[] y;
        RandomGenerator.seed(21);
        try (Autograd.Mode record = Autograd.record()) {
            y = Dispatch.run(loop, x, s);
        }
        NDArray dy = normal(3, 64);
        List<NDArray> expected = Autograd.grad(List.of(y[0]), List.of(x, s), List.of(dy), false, false);
        RandomGenerator.seed(99);
        NDArray[] got = loop.gradient(new Context(List.of(x, s), List.of(y), dy));
        assertArrayEquals(expected.get(0).toFloatArray(), got[0].toFloatArray());
        assertArrayEquals(expected.get(1).toFloatArray(), got[1].toFloatArray());
        assertEquals(new RandomGenerator.State(99, 0), RandomGenerator.state());
    }

    private record Context(List<NDArray> in, List<NDArray> out, NDArray dy) implements GradientContext {
        @Override
        public NDArray input(int i) {
            return in.get(i);
        }

        @Override
        public int inputs() {
            return in.size();
        }

        @Override
        public NDArray output(int i) {
            return out.get(i);
        }

        @Override
        public NDArray outputGradient(int i) {
            return i == 0 ? dy : null;
        }

        @Override
        public boolean needs(int i) {
            return true;
        }

        @Override
        public boolean training() {
            return true;
        }
    }

    @Test
    void aLoopInsideABranchInsideALoopIsTraced() {
        Block net = new Block() {
            @Override
            public NDArray forward(NDArray x) {
                return ControlFlow.forEach(
                                (e, s) -> {
                                    NDArray entry = e.get(0);
                                    NDArray part = ControlFlow.cond(
                                                    entry.sum().gt(0),
                                                    () -> ControlFlow.forEach(
                                                                    (f, t) -> ControlFlow.Step.of(
                                                                            f.get(0)
                                                                                    .mul(t.get(0)),
                                                                            t.get(0)
                                                                                    .add(x.mean(0, 1))),
                                                                    List.of(entry),
                                                                    List.of(entry.mean(0)))
                                                            .outputs(),
                                                    () -> List.of(entry.sub(x.sum(0))))
                                            .get(0);
                                    return ControlFlow.Step.of(part, s.get(0).add(part));
                                },
                                List.of(x),
                                List.of(x.mean(0)))
                        .states()
                        .get(0);
            }
        };
        tracedEqualsEager(net, normal(4, 2, 3), normal(2, 2, 3));
    }

    @Test
    void javaCodeThatDependsOnValuesIsRefusedWithTheRemedy() {
        List<Block> blocks = new ArrayList<>();
        blocks.add(new Lambda(x -> x.sum().item() > 0 ? x : x.neg()));
        blocks.add(new Lambda(x -> x.mul(x.toFloatArray()[0])));
        blocks.add(new Lambda(x -> x.mul(x.get(0, 0, 0))));
        blocks.add(new Lambda(x -> {
            x.fill(0);
            return x;
        }));
        for (Block b : blocks) {
            String m = assertThrows(IllegalStateException.class, () -> b.trace(INPUT))
                    .getMessage();
            assertTrue(m.contains("ControlFlow.forEach, whileLoop or cond, or Elementwise.where"), m);
        }
    }

    @Test
    void mistakesInBodiesAreNamed() {
        NDArray data = normal(2, 3);
        ShapeException e = assertThrows(
                ShapeException.class,
                () -> ControlFlow.forEach(
                        (x, s) -> ControlFlow.Step.of(x.get(0), x.get(0)), List.of(data), List.of(NDArray.of(1f, 2f))));
        assertEquals(
                "forEach: state 0 begins as float32[2] and the body gives it back as float32[3]; shape and dtype must"
                        + " stay",
                e.getMessage());
        Block uneven = new Lambda(x -> ControlFlow.cond(x.sum().gt(0), () -> List.of(x), () -> List.of(x.sum()))
                .get(0));
        String m = assertThrows(IllegalArgumentException.class, () -> uneven.trace(INPUT))
                .getMessage();
        assertTrue(m.contains("the branches give [float32[?,2,3]] and [float32[]]"), m);
        Block counting = new Block() {
            private final BatchNorm norm = addChild("norm", new BatchNorm());

            @Override
            public NDArray forward(NDArray x) {
                return ControlFlow.forEach((e2, s) -> ControlFlow.Step.of(norm.call(e2.get(0))), List.of(x), List.of())
                        .outputs()
                        .get(0);
            }
        };
        m = assertThrows(IllegalStateException.class, () -> counting.trace(INPUT))
                .getMessage();
        assertTrue(m.contains("updates norm.running_mean"), m);
        assertThrows(
                IllegalArgumentException.class,
                () -> ControlFlow.forEach((x, s) -> ControlFlow.Step.of(x.get(0)), List.of(), List.of()));
    }
}
