package io.kiln.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.kiln.backend.Context;
import io.kiln.compile.CompileOptions;
import io.kiln.cuda.driver.TestDriver;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.nn.Block;
import io.kiln.nn.Dense;
import io.kiln.nn.Dropout;
import io.kiln.nn.Sequential;
import io.kiln.nn.loss.SoftmaxCrossEntropy;
import io.kiln.op.activation.Activation;
import io.kiln.op.random.RandomGenerator;
import io.kiln.optim.GradientStep;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Losses and gradients that are captured, with a listener that hears of gradients in mid-step. */
class RepeatedGradientsTest {
    private static final int STEPS = 8;
    private static final int WARM_UPS = 2;

    private final CudaBackend backend = RequiresCuda.device();
    private TestDriver driver;

    @BeforeEach
    void open() {
        assumeFalse(Boolean.getBoolean("kiln.cuda.real"), "counts are those of the test driver");
        driver = TestDriver.load();
        driver.reset();
        driver.log();
    }

    /** A step is launched kernel by kernel, or repeated; the counts of the driver are those of the last one. */
    private List<Object> losses(boolean repeat, Set<String> awaited, int... sizes) {
        List<Object> seen = new ArrayList<>();
        Random random = new Random(3);
        try (Context own = Context.open(backend.device());
                Scope scope = Scope.open();
                Block net = new Sequential(
                        new Dense(16, Activation.RELU),
                        new Dropout(0.5),
                        new Dense(8, Activation.TANH),
                        new Dense(4))) {
            RandomGenerator.seed(5);
            net.initialize(11);
            net.call(NDArray.zeros(Shape.of(1, 6), DType.FLOAT32));
            SoftmaxCrossEntropy loss = new SoftmaxCrossEntropy();
            try (GradientStep step = new GradientStep(
                    net, in -> new NDArray[] {loss.mean(net.call(in[0]), in[1])}, new CompileOptions())) {
                for (int i = 0; i < STEPS; i++) {
                    int size = sizes[i % sizes.length];
                    NDArray x = NDArray.of(
                                    Shape.of(size, 6),
                                    random.doubles(6L * size, -1, 1).toArray())
                            .cast(DType.FLOAT32);
                    NDArray y =
                            NDArray.of(Shape.of(size), random.longs(size, 0, 4).toArray());
                    GradientStep.Listener listener = new GradientStep.Listener() {
                        @Override
                        public void gradient(String name, NDArray gradient) {
                            seen.add(name);
                            if (awaited.contains(name)) { // reads it in mid-step
                                seen.add(Arrays.toString(gradient.toDoubleArray()));
                            }
                        }

                        @Override
                        public void bucket(int index, NDArray flat) {
                            seen.add(Arrays.toString(flat.toDoubleArray()));
                        }

                        @Override
                        public boolean isAwaited(String name) {
                            return awaited.contains(name);
                        }
                    };
                    backend.queue().synchronize(Duration.ofMinutes(1));
                    driver.reset();
                    NDArray[] out = repeat ? step.repeat(listener, x, y) : step.run(listener, x, y);
                    seen.add(out[0].item());
                }
                seen.add(RandomGenerator.state());
            }
        }
        assertEquals("", driver.log());
        return seen;
    }

    @Test
    void aStepThatNobodyAwaitsIsOneLaunch() {
        List<Object> expected = losses(false, Set.of(), 5);
        assertEquals(0, driver.count("cuGraphLaunch"));
        assertEquals(expected, losses(true, Set.of(), 5));
        assertEquals(1, driver.count("cuGraphLaunch"));
        assertEquals(0, driver.count("cuLaunchKernel"));
    }

    @Test
    void awaitedGradientsAreToldInMidStep() {
        Set<String> awaited = Set.of("3.weight", "2.weight");
        List<Object> expected = losses(false, awaited, 5, 3);
        assertEquals(expected, losses(true, awaited, 5, 3));
        assertEquals(3, driver.count("cuGraphLaunch"));
        assertEquals(0, driver.count("cuLaunchKernel"));
    }
}
