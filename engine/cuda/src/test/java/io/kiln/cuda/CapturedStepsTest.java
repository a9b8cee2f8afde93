package io.kiln.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.kiln.backend.Context;
import io.kiln.cuda.driver.TestDriver;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.nn.Block;
import io.kiln.nn.Dense;
import io.kiln.nn.Dropout;
import io.kiln.nn.Sequential;
import io.kiln.nn.loss.SoftmaxCrossEntropy;
import io.kiln.nn.zoo.LeNet;
import io.kiln.nn.zoo.ResNet;
import io.kiln.op.CustomOp;
import io.kiln.op.CustomOps;
import io.kiln.op.activation.Activation;
import io.kiln.op.random.RandomGenerator;
import io.kiln.optim.Adam;
import io.kiln.optim.CosineDecay;
import io.kiln.optim.GradientStep;
import io.kiln.optim.Lamb;
import io.kiln.optim.Lans;
import io.kiln.optim.Lars;
import io.kiln.optim.Lookahead;
import io.kiln.optim.Optimizer;
import io.kiln.optim.Sgd;
import io.kiln.optim.TrainStep;
import io.kiln.optim.UpdateRule;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Training steps that are captured as graphs have the bits of those that are launched kernel by kernel. */
class CapturedStepsTest {
    private static final int STEPS = 24;
    private static final int WARM_UPS = 2;

    /** A step with a listener is launched kernel by kernel. */
    private static final GradientStep.Listener LAUNCHED = (name, gradient) -> {};

    private final CudaBackend backend = RequiresCuda.device();
    private TestDriver driver;

    @BeforeEach
    void open() {
        assumeFalse(Boolean.getBoolean("kiln.cuda.real"), "counts are those of the test driver");
        driver = TestDriver.load();
        driver.reset();
        driver.log();
    }

    /** Losses of all steps, then all parameters. */
    private List<double[]> train(
            GradientStep.Listener listener, Supplier<Block> network, UpdateRule rule, int[] sizes, long... row) {
        List<double[]> results = new ArrayList<>();
        Random random = new Random(3);
        try (Context own = Context.open(backend.device());
                Scope scope = Scope.open()) {
            RandomGenerator.seed(5);
            try (Block net = network.get()) {
                net.initialize(11);
                net.call(batch(random, 1, row));
                try (TrainStep step = new TrainStep(net, new SoftmaxCrossEntropy(), rule)) {
                    double[] losses = new double[STEPS];
                    for (int i = 0; i < STEPS; i++) {
                        int size = sizes[i % sizes.length];
                        try (Scope inner = Scope.open()) {
                            NDArray x = batch(random, size, row);
                            NDArray y = NDArray.of(
                                    Shape.of(size), random.longs(size, 0, 10).toArray());
                            losses[i] = step.run(listener, x, y);
                        }
                    }
                    results.add(losses);
                }
                net.parameters().forEach((name, p) -> results.add(p.value().toDoubleArray()));
            }
            results.add(new double[] {RandomGenerator.state().draws()});
        }
        return results;
    }

    private static NDArray batch(Random random, int size, long... row) {
        long[] dims = new long[row.length + 1];
        dims[0] = size;
        System.arraycopy(row, 0, dims, 1, row.length);
        Shape shape = Shape.of(dims);
        return NDArray.of(shape, random.doubles(shape.size(), -1, 1).toArray()).cast(DType.FLOAT32);
    }

    /** Trains both ways and returns how many graphs were launched. */
    private long compare(Supplier<Block> network, UpdateRule rule, int[] sizes, long... row) {
        List<double[]> expected = train(LAUNCHED, network, rule, sizes, row);
        assertEquals(0, driver.count("cuGraphLaunch"));
        List<double[]> got = train(GradientStep.Listener.NONE, network, rule, sizes, row);
        assertEquals(expected.size(), got.size());
        for (int i = 0; i < expected.size(); i++) {
            assertArrayEquals(expected.get(i), got.get(i), "result " + i);
        }
        assertEquals("", driver.log());
        return driver.count("cuGraphLaunch");
    }

    private static Block perceptron() {
        return new Sequential(
                new Dense(64, Activation.RELU),
                new Dropout(0.3),
                new Dense(32, Activation.TANH),
                new Dropout(0.5),
                new Dense(10));
    }

    @Test
    void dropoutAdamAndAScheduleChangeFromStepToStep() {
        UpdateRule rule = new UpdateRule(
                new Adam(), new CosineDecay(0.01, STEPS), 0.1, Double.POSITIVE_INFINITY, Double.POSITIVE_INFINITY);
        assertEquals(STEPS - WARM_UPS, compare(CapturedStepsTest::perceptron, rule, new int[] {32}, 20));
    }

    @Test
    void leNetHasTheSameBits() {
        UpdateRule rule = new UpdateRule(new Sgd(0.9), 0.01);
        assertEquals(STEPS - WARM_UPS, compare(() -> LeNet.of(10), rule, new int[] {8}, 1, 28, 28));
    }

    @Test
    void eachBatchSizeHasItsGraph() {
        UpdateRule rule = new UpdateRule(new Adam(), 0.01);
        assertEquals(STEPS - 3 * WARM_UPS, compare(CapturedStepsTest::perceptron, rule, new int[] {32, 7, 16}, 20));
    }

    @Test
    void clippingByTheNormIsCaptured() {
        UpdateRule rule = new UpdateRule(new Adam(), new CosineDecay(0.01, STEPS), 0, Double.POSITIVE_INFINITY, 0.5);
        assertEquals(STEPS - WARM_UPS, compare(CapturedStepsTest::perceptron, rule, new int[] {32}, 20));
    }

    /** Draws in Java, for which a capture is refused in the end, when all gradients have been found. */
    record Drawing() implements CustomOp {
        @Override
        public Spec[] infer(Spec... inputs) {
            return new Spec[] {inputs[0]};
        }

        @Override
        public NDArray[] forward(NDArray... inputs) {
            RandomGenerator.next();
            return new NDArray[] {inputs[0].mul(2)};
        }

        @Override
        public NDArray[] backward(NDArray[] outputGradients, NDArray[] inputs, NDArray[] outputs) {
            return new NDArray[] {outputGradients[0].mul(2)};
        }
    }

    private static final class Drawn extends Block {
        private final Block scores = addChild("scores", new Dense(10));

        @Override
        public NDArray forward(NDArray x) {
            return CustomOps.call(new Drawing(), scores.call(x))[0];
        }
    }

    @Test
    void clippingByTheNormAfterACaptureThatWasRefusedUpdatesOnce() {
        UpdateRule rule = new UpdateRule(new Adam(), 0.01).withClipNorm(0.5);
        assertEquals(0, compare(Drawn::new, rule, new int[] {32}, 20));
        assertTrue(driver.count("cuGraphDestroy") > 0, "a capture was tried");
    }

    private static final class WithSpare extends Block {
        private final Block used = addChild("used", new Dense(10));

        WithSpare() {
            addChild("spare", new Dense(3));
        }

        @Override
        public NDArray forward(NDArray x) {
            return used.call(x);
        }
    }

    @Test
    void aLayerThatIsNeverCalledStaysUnshaped() {
        try (Context own = Context.open(backend.device());
                Scope scope = Scope.open();
                Block net = new WithSpare()) {
            NDArray x = batch(new Random(1), 4, 5);
            NDArray y = NDArray.of(Shape.of(4), new long[] {0, 1, 2, 0});
            net.initialize(1);
            net.call(x);
            try (TrainStep step = new TrainStep(net, new SoftmaxCrossEntropy(), new UpdateRule(new Adam(), 0.1))) {
                double first = step.run(x, y);
                for (int i = 0; i < 3; i++) {
                    step.run(x, y);
                }
                assertTrue(step.run(x, y) < first);
            }
        }
        assertEquals(3, driver.count("cuGraphLaunch"));
    }

    @Test
    void trustRatiosAreCaptured() {
        for (Optimizer optimizer : List.of(new Lamb(), new Lars(), new Lookahead(new Adam(), 2, 0.5))) {
            driver.reset();
            UpdateRule rule = new UpdateRule(
                    optimizer, new CosineDecay(0.01, STEPS), 0.1, Double.POSITIVE_INFINITY, Double.POSITIVE_INFINITY);
            assertEquals(STEPS - WARM_UPS, compare(CapturedStepsTest::perceptron, rule, new int[] {32}, 20));
        }
    }

    @Test
    void trustRatiosOfClippedGradientsAreCaptured() {
        UpdateRule rule = new UpdateRule(new Lamb(), new CosineDecay(0.01, STEPS), 0.1, Double.POSITIVE_INFINITY, 0.5);
        assertEquals(STEPS - WARM_UPS, compare(CapturedStepsTest::perceptron, rule, new int[] {32}, 20));
    }

    @Test
    void anOptimizerWithCompanionsIsLaunchedKernelByKernel() {
        UpdateRule rule = new UpdateRule(new Lans(), 0.01);
        assertEquals(0, compare(CapturedStepsTest::perceptron, rule, new int[] {32}, 20));
        assertTrue(driver.count("cuLaunchKernel") > 0);
    }

    /** What is done in each step, by name. */
    private long counted(String name, Runnable step) {
        long before = driver.count(name);
        step.run();
        return driver.count(name) - before;
    }

    @Test
    void aNormThatIsNotFiniteIsToldAndChangesNothing() {
        UpdateRule rule = new UpdateRule(new Adam(), t -> 0.01, 0, Double.POSITIVE_INFINITY, 0.5);
        try (Context own = Context.open(backend.device());
                Scope scope = Scope.open();
                Block net = new Sequential(new Dense(8), new Dense(3))) {
            NDArray good = batch(new Random(1), 4, 5);
            NDArray bad = good.mul(Double.NaN);
            NDArray y = NDArray.of(Shape.of(4), new long[] {0, 1, 2, 0});
            net.initialize(1);
            net.call(good);
            try (TrainStep step = new TrainStep(net, new SoftmaxCrossEntropy(), rule)) {
                for (int i = 0; i < 4; i++) {
                    step.run(good, y);
                }
                double[] before =
                        net.parameters().values().iterator().next().value().toDoubleArray();
                long launched = counted("cuGraphLaunch", () -> {
                    IllegalStateException e = assertThrows(IllegalStateException.class, () -> step.run(bad, y));
                    assertTrue(e.getMessage().contains("the norm of the gradients is NaN at step 5"), e.getMessage());
                });
                assertEquals(1, launched);
                assertArrayEquals(
                        before,
                        net.parameters().values().iterator().next().value().toDoubleArray());
                assertTrue(Double.isFinite(step.run(good, y)));
            }
        }
    }

    @Test
    void aReplacedParameterIsCapturedAnew() {
        double[] expected = initialisedTwice(LAUNCHED);
        assertEquals(0, driver.count("cuGraphInstantiate"));
        assertArrayEquals(expected, initialisedTwice(GradientStep.Listener.NONE));
        assertEquals(2, driver.count("cuGraphInstantiate"));
        assertEquals(5, driver.count("cuGraphLaunch"), "all but two, and one with the new arrays");
    }

    /** Losses of four steps before and after the parameters' arrays are replaced. */
    private double[] initialisedTwice(GradientStep.Listener listener) {
        double[] losses = new double[8];
        try (Context own = Context.open(backend.device());
                Scope scope = Scope.open();
                Block net = new Sequential(new Dense(3))) {
            NDArray x = batch(new Random(1), 4, 5);
            NDArray y = NDArray.of(Shape.of(4), new long[] {0, 1, 2, 0});
            net.initialize(1);
            net.call(x);
            try (TrainStep step = new TrainStep(net, new SoftmaxCrossEntropy(), new UpdateRule(new Sgd(), 0.1))) {
                for (int i = 0; i < losses.length; i++) {
                    if (i == 4) {
                        net.initialize(2);
                    }
                    losses[i] = step.run(listener, x, y);
                }
            }
        }
        return losses;
    }

    @Test
    void aResNet50StepIsOneLaunchWithoutAWait() {
        Random random = new Random(3);
        try (Context own = Context.open(backend.device());
                Scope scope = Scope.open();
                Block net = ResNet.v1(50).classes(10).build()) {
            NDArray x = batch(random, 2, 3, 32, 32);
            NDArray y = NDArray.of(Shape.of(2), new long[] {3, 7});
            net.initialize(1);
            net.call(x);
            try (TrainStep step = new TrainStep(net, new SoftmaxCrossEntropy(), new UpdateRule(new Sgd(0.9), 0.01))) {
                for (int i = 0; i < WARM_UPS; i++) {
                    step.run(x, y);
                }
                driver.reset();
                step.run(x, y);
                assertEquals(1, driver.count("cuGraphInstantiate"));
                long nodes = driver.count("graph_nodes");

                long waits = backend.kernels().counters().waits();
                driver.reset();
                step.run(x, y);
                assertEquals(1, driver.count("cuGraphLaunch"), "launches of graphs");
                assertEquals(0, driver.count("cuLaunchKernel"), "kernels beside");
                assertEquals(0, driver.count("cuMemcpyHtoDAsync"), "copies from the host");
                assertEquals(
                        2,
                        driver.count("cuMemcpyDtoHAsync"),
                        "copies to the host, of the loss and the check of labels");
                assertEquals(4, driver.count("copies"), "copies in all, of the batch too");
                assertEquals(0, driver.count("pageable"), "copies of memory that is not pinned");
                assertEquals(0, driver.count("synchronizations"), "waits within the driver");
                assertEquals(0, driver.count("implicit_synchronizations"), "waits for released memory");
                assertEquals(1, backend.kernels().counters().waits() - waits, "waits of the step, for its loss");
                assertEquals(0, driver.count("allocations"), "allocations");
                assertEquals(0, driver.count("cuGraphExecKernelNodeSetParams"), "nodes that change");
                assertEquals(nodes, driver.count("graph_nodes"), "nodes of the graph");
                assertEquals(
                        nodes, driver.count("kernels") + driver.count("library"), "kernels and calls of libraries");
            }
        }
    }
}
