package io.kiln.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.kiln.autograd.Autograd;
import io.kiln.backend.Context;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.nn.Block;
import io.kiln.nn.Dense;
import io.kiln.nn.Dropout;
import io.kiln.nn.Sequential;
import io.kiln.nn.loss.SoftmaxCrossEntropy;
import io.kiln.nn.rnn.Gru;
import io.kiln.nn.rnn.Lstm;
import io.kiln.nn.rnn.SequenceLayout;
import io.kiln.op.random.RandomGenerator;
import io.kiln.optim.Adam;
import io.kiln.optim.GradientStep;
import io.kiln.optim.TrainStep;
import io.kiln.optim.UpdateRule;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Recurrent layers of cuDNN's in training steps that are captured as graphs. */
class CapturedRecurrentTest extends CudnnTest {
    private static final int STEPS = 12;
    private static final int WARM_UPS = 2;

    /** Layers and directions in the network. */
    private static final int SEQUENCES = 4;

    /** A step with a listener is launched kernel by kernel. */
    private static final GradientStep.Listener LAUNCHED = (name, gradient) -> {};

    private final CudaBackend backend = RequiresCuda.device();

    /** Waits of the last step. */
    private long waits;

    private static Block network() {
        return new Sequential(
                Lstm.builder()
                        .hidden(6)
                        .layers(2)
                        .dropout(0.3)
                        .layout(SequenceLayout.NTC)
                        .build(),
                Gru.builder()
                        .hidden(4)
                        .bidirectional(true)
                        .layout(SequenceLayout.NTC)
                        .build(),
                new Dropout(0.2),
                new Dense(5));
    }

    /** Losses of all steps, then all parameters; the counts of the driver are those of the last step. */
    private List<double[]> train(GradientStep.Listener listener) {
        List<double[]> results = new ArrayList<>();
        Random random = new Random(3);
        try (Context own = Context.open(device);
                Scope scope = Scope.open();
                Block net = network()) {
            RandomGenerator.seed(5);
            net.initialize(11);
            net.call(NDArray.zeros(Shape.of(1, 7, 3), DType.FLOAT32));
            try (TrainStep step = new TrainStep(net, new SoftmaxCrossEntropy(), new UpdateRule(new Adam(), 0.02))) {
                double[] losses = new double[STEPS];
                for (int i = 0; i < STEPS; i++) {
                    NDArray x = NDArray.of(
                                    Shape.of(4, 7, 3),
                                    random.doubles(4 * 7 * 3, -1, 1).toArray())
                            .cast(DType.FLOAT32);
                    NDArray y = NDArray.of(Shape.of(4), random.longs(4, 0, 5).toArray());
                    x.toDoubleArray(); // has ended before what is counted
                    driver.reset();
                    long before = backend.kernels().counters().waits();
                    losses[i] = step.run(listener, x, y);
                    waits = backend.kernels().counters().waits() - before;
                }
                results.add(losses);
            }
            net.parameters().forEach((name, p) -> results.add(p.value().toDoubleArray()));
        }
        return results;
    }

    @Test
    void aStepIsOneLaunchWithTheSameBits() {
        driver.log();
        List<double[]> expected = train(LAUNCHED);
        assertEquals(SEQUENCES, driver.count("cudnnRNNForward_training"));
        assertEquals(SEQUENCES, driver.count("cudnnRNNBackwardWeights_v8"));
        assertEquals(0, driver.count("cuGraphLaunch"));
        long replays = backend.kernels().counters().replays();
        List<double[]> got = train(GradientStep.Listener.NONE);
        for (int i = 0; i < expected.size(); i++) {
            assertArrayEquals(expected.get(i), got.get(i), "result " + i);
        }
        assertEquals(1, driver.count("cuGraphLaunch"), "launches of graphs");
        assertEquals(0, driver.count("cuLaunchKernel"), "kernels beside");
        assertEquals(0, driver.count("cudnnRNNForward_training"), "calls of cuDNN beside");
        assertEquals(0, driver.count("synchronizations"), "waits within the driver");
        assertEquals(0, driver.count("implicit_synchronizations"), "waits for released memory");
        assertEquals(0, driver.count("allocations"), "allocations");
        assertEquals(1, waits, "waits of the step, for its loss");
        assertEquals(STEPS - WARM_UPS, backend.kernels().counters().replays() - replays);
        assertEquals("", driver.log());
    }

    /** The layers are captured: a replay runs cuDNN's work, of a graph's nodes, once for each layer and gradient. */
    @Test
    void theGraphHasCudnnsWork() {
        train(GradientStep.Listener.NONE);
        long library = driver.count("library");
        assertEquals(
                3L * SEQUENCES,
                library - driver.count("products"),
                "forward, gradients of data and of weights, beside products");
    }

    @Test
    void aPredictionIsCapturedAndKeepsNothing() {
        try (Context own = Context.open(device);
                Scope scope = Scope.open();
                Autograd.Mode predict = Autograd.pause();
                Block net = network()) {
            NDArray x = numbers(device, DType.FLOAT32, 4, 2, 7, 3);
            net.initialize(11);
            double[] eager = net.call(x).toDoubleArray();
            net.hybridize();
            for (int i = 0; i < WARM_UPS + 1; i++) {
                assertArrayEquals(eager, net.call(x).toDoubleArray(), 1e-6, "call " + i);
            }
            driver.reset();
            assertArrayEquals(eager, net.call(x).toDoubleArray(), 1e-6);
            assertEquals(1, driver.count("cuGraphLaunch"));
            assertEquals(0, driver.count("cuLaunchKernel"));
            assertEquals(SEQUENCES, driver.count("library") - driver.count("products"));
            assertEquals(0, driver.count("cudnnRNNForward_inference"), "calls of cuDNN beside");
        }
    }
}
