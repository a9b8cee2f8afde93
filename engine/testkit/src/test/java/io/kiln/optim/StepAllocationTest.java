package io.kiln.optim;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.kiln.backend.Backends;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.nn.Block;
import io.kiln.nn.Conv2D;
import io.kiln.nn.Dense;
import io.kiln.nn.Flatten;
import io.kiln.nn.Pool;
import io.kiln.nn.Sequential;
import io.kiln.nn.loss.SoftmaxCrossEntropy;
import io.kiln.op.activation.Activation;
import io.kiln.op.random.RandomOps;
import java.lang.management.ManagementFactory;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What a compiled training step leaves to the garbage collector, on the calling thread and on the engine's. */
@Tag("processor") // the work of a queue that runs late is objects
class StepAllocationTest {
    private static final long MAX_BYTES = 10_000;
    private static final int STEPS = 100;

    static Stream<Arguments> networks() {
        return Stream.of(
                Arguments.of(
                        "mlp",
                        Shape.of(128, 784),
                        new Sequential(
                                new Dense(512, Activation.RELU), new Dense(256, Activation.RELU), new Dense(10))),
                Arguments.of(
                        "lenet",
                        Shape.of(8, 1, 28, 28),
                        new Sequential(
                                convolution(32, 2),
                                Pool.max2D(2),
                                convolution(64, 0),
                                Pool.max2D(2),
                                new Flatten(),
                                new Dense(512, Activation.RELU),
                                new Dense(10))));
    }

    private static Block convolution(long channels, long pad) {
        return Conv2D.builder()
                .channels(channels)
                .kernel(5)
                .pad(pad)
                .activation(Activation.RELU)
                .build();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("networks")
    void aStepMakesLessThanTenKilobytesOfObjects(String name, Shape input, Block net) {
        Backends.current().setThreads(2);
        try (Scope scope = Scope.open();
                Block network = net;
                TrainStep step =
                        new TrainStep(network, new SoftmaxCrossEntropy(), new UpdateRule(new Sgd(0.9), 0.001))) {
            network.initialize(4);
            NDArray x = RandomOps.normal(input, 0, 1, DType.FLOAT32);
            NDArray y = NDArray.arange(0, input.dim(0), 1, DType.INT32).mul(0).cast(DType.INT32);
            for (int i = 0; i < STEPS; i++) {
                step.run(x, y);
            }
            long before = allocated();
            for (int i = 0; i < STEPS; i++) {
                step.run(x, y);
            }
            long bytes = (allocated() - before) / STEPS;
            System.out.println("heap bytes per step of " + name + ": " + bytes);
            assertTrue(bytes < MAX_BYTES, "heap bytes per step: " + bytes);
        }
    }

    private static long allocated() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long sum = 0;
        for (Thread t : Thread.getAllStackTraces().keySet()) {
            if (t == Thread.currentThread() || t.getName().startsWith("kiln")) {
                sum += Math.max(0, threads.getThreadAllocatedBytes(t.getId()));
            }
        }
        return sum;
    }
}
