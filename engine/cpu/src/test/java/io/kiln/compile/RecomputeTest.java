package io.kiln.compile;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.autograd.Autograd;
import io.kiln.backend.Backends;
import io.kiln.cpu.natives.Natives;
import io.kiln.cpu.onednn.InstructionSet;
import io.kiln.graph.Graph;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.nn.Activations;
import io.kiln.nn.BatchNorm;
import io.kiln.nn.Block;
import io.kiln.nn.Conv2D;
import io.kiln.nn.Dense;
import io.kiln.nn.Dropout;
import io.kiln.nn.Lambda;
import io.kiln.nn.Parameter;
import io.kiln.nn.Pool;
import io.kiln.nn.Sequential;
import io.kiln.nn.loss.SoftmaxCrossEntropy;
import io.kiln.nn.rnn.Lstm;
import io.kiln.nn.transformer.TransformerEncoder;
import io.kiln.nn.transformer.TransformerSettings;
import io.kiln.nn.zoo.DenseNet;
import io.kiln.nn.zoo.ResNet;
import io.kiln.op.Custom;
import io.kiln.op.CustomOp;
import io.kiln.op.Dispatch;
import io.kiln.op.activation.Activation;
import io.kiln.op.random.RandomGenerator;
import io.kiln.op.random.RandomOps;
import io.kiln.optim.Sgd;
import io.kiln.optim.TrainStep;
import io.kiln.optim.UpdateRule;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Programs that compute values of the forward pass again to meet a bound on memory. */
class RecomputeTest {
    /** None but for SSE4.1, where bits depend on where operands lie. */
    private static final float ROUNDING =
            InstructionSet.hasAvx2() || !Natives.get().isAvailable() ? 0 : 1e-5f;

    private static Executable step(Block net, long budget, Spec... specs) {
        Block.Traced traced =
                net.capture(in -> new NDArray[] {new SoftmaxCrossEntropy().mean(net.call(in[0]), in[1])}, specs);
        Set<String> variables = net.parameters().entrySet().stream()
                .filter(e -> e.getValue().isTrained())
                .map(Map.Entry::getKey)
                .collect(Collectors.toSet());
        return new GraphCompiler(Backends.current(), new CompileOptions().withMemoryBudget(budget))
                .step(traced.graph(), traced.constants(), variables, specs);
    }

    private static long flops(Executable e) {
        Graph g = e.program().graph();
        return g.nodes().stream()
                .mapToLong(n -> n.operator()
                        .flops(
                                n.inputs().stream().map(g::spec).toArray(Spec[]::new),
                                n.outputs().toArray(new Spec[0])))
                .sum();
    }

    /** Planned, not run. */
    @ParameterizedTest
    @MethodSource("wellKnown")
    void budgetsAreMetForAQuarterMoreWork(String name, Block net, double reachable) {
        Spec images = new Spec(Shape.of(32, 3, 224, 224), DType.FLOAT32);
        Spec labels = new Spec(Shape.of(32), DType.INT32);
        try (Scope scope = Scope.open();
                Executable all = step(net, CompileOptions.UNBOUNDED, images, labels)) {
            long most = all.arenaBytes();
            for (double part : new double[] {0.9, (0.9 + reachable) / 2, reachable}) {
                long start = System.nanoTime();
                try (Executable e = step(net, (long) (part * most), images, labels)) {
                    double work = (double) flops(e) / flops(all);
                    System.out.printf(
                            Locale.ROOT,
                            "%-11s %5d MiB, budget %5d MiB: %5d MiB, %.3f times the work, compiled in %d ms%n",
                            name,
                            most >> 20,
                            (long) (part * most) >> 20,
                            e.arenaBytes() >> 20,
                            work,
                            (System.nanoTime() - start) / 1_000_000);
                    assertTrue(e.arenaBytes() <= part * most, name + " " + part);
                    assertTrue(work < 1.25, name + " " + part + ": " + work);
                }
            }
        }
    }

    static Stream<Arguments> wellKnown() {
        return Stream.of(
                Arguments.of("resnet50", ResNet.v1(50).build(), 0.35),
                Arguments.of("densenet121", DenseNet.of(121, 1000), 0.3));
    }

    static Stream<Arguments> networks() {
        return Stream.of(
                Arguments.of(
                        "convolutions", (Supplier<Block>) RecomputeTest::convolutions, Shape.of(6, 2, 16, 16), 0.75),
                Arguments.of("transformer", (Supplier<Block>) RecomputeTest::transformer, Shape.of(4, 10, 16), 0.75),
                Arguments.of("lstm", (Supplier<Block>) RecomputeTest::lstm, Shape.of(30, 4, 8), 0.8));
    }

    private static Block convolutions() {
        Sequential s = new Sequential();
        for (int i = 0; i < 4; i++) {
            s.add(Conv2D.builder().channels(8).kernel(3).pad(1).build());
            s.add(new BatchNorm());
            s.add(Activations.relu());
            s.add(new Dropout(0.2));
        }
        return s.add(Pool.max2D(2)).add(new Dense(16, Activation.RELU)).add(new Dense(4));
    }

    private static Block transformer() {
        return new Sequential(
                new TransformerEncoder(4, TransformerSettings.of(16, 2, 32).withDropout(0.1)),
                new Lambda(x -> x.mean(1)),
                new Dense(4));
    }

    private static Block lstm() {
        return new Sequential(
                Lstm.builder().hidden(16).layers(6).build(),
                new Lambda(x -> x.mean(0).tanh()),
                new Dense(4));
    }

    private static List<float[]> train(Block net, Shape shape, CompileOptions options, long... arena) {
        List<float[]> seen = new ArrayList<>();
        RandomGenerator.seed(3);
        net.initialize(4);
        try (Scope scope = Scope.open();
                net;
                TrainStep step =
                        new TrainStep(net, new SoftmaxCrossEntropy(), new UpdateRule(new Sgd(0.9), 0.05), options)) {
            NDArray x = RandomOps.normal(shape, 0, 1, DType.FLOAT32);
            NDArray y = NDArray.zeros(Shape.of(net.call(x).shape().dim(0)), DType.INT32);
            for (int i = 0; i < 4; i++) {
                seen.add(new float[] {(float) step.run(x, y)});
            }
            arena[0] = step.executable(x, y).arenaBytes();
            net.parameters().values().forEach(p -> seen.add(p.value().toFloatArray()));
        }
        return seen;
    }

    @ParameterizedTest
    @MethodSource("networks")
    void lossesWeightsAndStatisticsKeepTheirBits(String name, Supplier<Block> network, Shape shape, double reachable) {
        long[] arena = new long[1];
        List<float[]> kept = train(network.get(), shape, new CompileOptions(), arena);
        long most = arena[0];
        for (double part : new double[] {0.95, reachable}) {
            List<float[]> again =
                    train(network.get(), shape, new CompileOptions().withMemoryBudget((long) (part * most)), arena);
            assertTrue(arena[0] <= part * most, arena[0] + " of " + most);
            assertEquals(kept.size(), again.size());
            for (int i = 0; i < kept.size(); i++) {
                assertArrayEquals(kept.get(i), again.get(i), ROUNDING, name + " value " + i + " at " + part);
            }
        }
    }

    @Test
    void hybridizedBlocksKeepTheirGradientsWithinABudget() {
        Block net = convolutions();
        try (Scope scope = Scope.open();
                net) {
            net.initialize(4);
            NDArray x = RandomOps.normal(Shape.of(6, 2, 16, 16), 0, 1, DType.FLOAT32);
            Autograd.attachGradient(x);
            List<float[]> plain = gradients(net, x, new CompileOptions());
            List<float[]> bounded = gradients(net, x, new CompileOptions().withMemoryBudget(450_000));
            for (int i = 0; i < plain.size(); i++) {
                assertArrayEquals(plain.get(i), bounded.get(i), ROUNDING, "gradient " + i);
            }
        }
    }

    private static List<float[]> gradients(Block net, NDArray x, CompileOptions options) {
        net.hybridize(options);
        RandomGenerator.seed(1);
        NDArray sum;
        try (Autograd.Mode record = Autograd.record()) {
            sum = net.call(x).square().sum();
        }
        Autograd.backward(sum);
        List<float[]> all = new ArrayList<>();
        all.add(Autograd.gradient(x).toFloatArray());
        net.parameters().values().stream()
                .filter(Parameter::isTrained)
                .forEach(p -> all.add(p.gradient().toFloatArray()));
        return all;
    }

    @Test
    void aBudgetThatCannotBeMetSaysHowMuchIsNeeded() {
        Spec x = new Spec(Shape.of(8, 2, 16, 16), DType.FLOAT32);
        Spec y = new Spec(Shape.of(8), DType.INT32);
        IllegalArgumentException e =
                assertThrows(IllegalArgumentException.class, () -> step(convolutions(), 1000, x, y));
        assertTrue(
                e.getMessage().matches("compile: memoryBudget: the program needs at least \\d+ bytes.* 1000; raise .*"),
                e.getMessage());
        long least = Long.parseLong(e.getMessage().replaceAll(".*at least (\\d+) bytes.*", "$1"));
        try (Executable met = step(convolutions(), least, x, y)) {
            assertTrue(met.arenaBytes() <= least);
        }
        assertThrows(IllegalArgumentException.class, () -> new CompileOptions().withMemoryBudget(0));
    }

    /** Counts its calls; its gradient reads its result. */
    record Counted(boolean on) implements CustomOp {
        private static final AtomicInteger CALLS = new AtomicInteger();

        @Override
        public Spec[] infer(Spec... inputs) {
            return inputs;
        }

        @Override
        public NDArray[] forward(NDArray... inputs) {
            CALLS.incrementAndGet();
            return new NDArray[] {inputs[0].exp()};
        }

        @Override
        public NDArray[] backward(NDArray[] dy, NDArray[] x, NDArray[] y) {
            return new NDArray[] {dy[0].mul(y[0])};
        }
    }

    private static Block withCodeOfTheUser() {
        Sequential net = new Sequential();
        for (int i = 0; i < 3; i++) {
            net.add(new Dense(64, Activation.TANH)).add(new Lambda(x -> Dispatch.one(new Custom(new Counted(true)), x)
                    .tanh()));
        }
        return net.add(new Dense(4));
    }

    @Test
    void codeOfTheUserRunsOnceAStep() {
        long[] arena = new long[1];
        Counted.CALLS.set(0);
        train(withCodeOfTheUser(), Shape.of(32, 8), new CompileOptions(), arena);
        int calls = Counted.CALLS.getAndSet(0);
        train(withCodeOfTheUser(), Shape.of(32, 8), new CompileOptions().withMemoryBudget(arena[0] * 9 / 10), arena);
        assertEquals(calls, Counted.CALLS.get());
    }

    @Test
    void cutsOfAChainKeepTheSmallestValues() {
        Sequential net = new Sequential();
        for (int width : new int[] {32, 4, 32, 32, 4, 32}) {
            net.add(new Lambda(x -> x)).add(new Dense(width, Activation.TANH));
        }
        Spec x = new Spec(Shape.of(16, 8), DType.FLOAT32);
        net.capture(net::forwardAll, x);
        Graph g = new Program(net.capture(net::forwardAll, x).graph(), Map.of(), true).graph();
        boolean[] forward = new boolean[g.nodes().size()];
        Arrays.fill(forward, true);
        CheckpointCuts checkpoints = new CheckpointCuts(g, forward);
        long total = checkpoints.totalBytes();
        List<Integer> cuts = checkpoints.cuts(total / 2);
        assertTrue(!cuts.isEmpty());
        for (int cut : cuts) {
            Graph.Node node = g.nodes().get(checkpoints.node(cut));
            assertEquals(4, node.outputs().get(0).shape().dim(-1), node.name());
        }
        assertEquals(List.of(), checkpoints.cuts(total));
    }
}
