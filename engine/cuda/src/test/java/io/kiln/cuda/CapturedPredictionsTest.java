package io.kiln.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.kiln.autograd.Autograd;
import io.kiln.backend.Context;
import io.kiln.compile.CompileOptions;
import io.kiln.cuda.driver.TestDriver;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.nn.BatchNorm;
import io.kiln.nn.Block;
import io.kiln.nn.Conv2D;
import io.kiln.nn.Dense;
import io.kiln.nn.Sequential;
import io.kiln.op.activation.Activation;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Predictions of compiled blocks that are captured as graphs. */
class CapturedPredictionsTest {
    private static final int WARM_UPS = 2;

    private final CudaBackend backend = RequiresCuda.device();
    private final Random random = new Random(3);
    private TestDriver driver;
    private Context own;
    private Scope scope;
    private Autograd.Mode mode;

    @BeforeEach
    void open() {
        assumeFalse(Boolean.getBoolean("kiln.cuda.real"), "counts are those of the test driver");
        driver = TestDriver.load();
        own = Context.open(backend.device());
        scope = Scope.open();
        mode = Autograd.pause();
        reset();
        driver.log();
    }

    @AfterEach
    void close() {
        mode.close();
        scope.close();
        own.close();
        assertEquals("", driver.log());
    }

    private void reset() {
        Context.current().queue(backend).synchronize(Duration.ofMinutes(1)); // streams run late
        driver.reset();
    }

    private NDArray images(int count) {
        return NDArray.of(
                        Shape.of(count, 2, 6, 6),
                        random.doubles(72L * count, -1, 1).toArray())
                .cast(DType.FLOAT32);
    }

    private Block network(CompileOptions options) {
        Block net = new Sequential(
                Conv2D.builder().channels(4).kernel(3).build(),
                new BatchNorm(),
                new Dense(8, Activation.RELU),
                new Dense(3));
        net.initialize(5);
        net.call(images(1));
        net.hybridize(options);
        return net;
    }

    @Test
    void aPredictionIsOneLaunchAndHasTheSameBits() {
        try (Block net = network(new CompileOptions())) {
            NDArray[] x = {images(4), images(4)};
            double[][] expected = {
                net.call(x[0]).toDoubleArray(), net.call(x[1]).toDoubleArray()
            };
            NDArray kept = net.call(x[0]);
            assertEquals(1, driver.count("cuGraphInstantiate"));
            reset();
            NDArray again = net.call(x[1]);
            Context.current().queue(backend).synchronize(Duration.ofMinutes(1));
            assertEquals(1, driver.count("cuGraphLaunch"));
            assertEquals(0, driver.count("cuLaunchKernel"), "kernels beside");
            assertEquals(2, driver.count("copies"), "of input and output");
            assertArrayEquals(expected[1], again.toDoubleArray());
            assertArrayEquals(expected[0], kept.toDoubleArray(), "an earlier result stays");
        }
        assertEquals(1, driver.count("cuGraphExecDestroy"), "freed with the block");
    }

    @Test
    void biasAndActivationAreOneKernelAfterTheProduct() {
        try (Block net = new Sequential(new Dense(8, Activation.RELU), new Dense(6, Activation.TANH), new Dense(3))) {
            NDArray x = NDArray.ones(Shape.of(4, 5), DType.FLOAT32);
            net.initialize(5);
            net.call(x);
            net.hybridize();
            for (int i = 0; i < WARM_UPS + 1; i++) {
                net.call(x);
            }
            reset();
            net.call(x);
            Context.current().queue(backend).synchronize(Duration.ofMinutes(1));
            assertEquals(3, driver.count("library"), "products");
            assertEquals(3, driver.count("kernels"), "pointwise");
        }
    }

    @Test
    void weightsThatChangeAreSeen() {
        try (Block net = network(new CompileOptions())) {
            NDArray x = images(4);
            double[] before = net.call(x).toDoubleArray();
            for (int i = 0; i < 3; i++) {
                net.call(x);
            }
            assertTrue(driver.count("cuGraphLaunch") > 0);
            net.parameters().forEach((name, p) -> p.value().assign(p.value().mul(1.5)));
            double[] after = net.call(x).toDoubleArray();
            assertFalse(Arrays.equals(before, after));
            for (int i = 0; i < 4; i++) {
                assertArrayEquals(after, net.call(x).toDoubleArray(), "call " + i);
            }
            assertEquals(2, driver.count("cuGraphInstantiate"));
            net.parameters().forEach((name, p) -> p.value().assign(p.value().div(1.5)));
            assertArrayEquals(before, net.call(x).toDoubleArray(), 1e-5);
        }
    }

    @Test
    void recordingsAreFewAndEachQueueHasItsOwn() throws InterruptedException {
        try (Block net = network(new CompileOptions().withPrograms(3))) {
            NDArray[] x = {images(1), images(2), images(3)};
            double[][] expected =
                    Arrays.stream(x).map(each -> net.call(each).toDoubleArray()).toArray(double[][]::new);
            reset();
            for (int k = 0; k < x.length; k++) {
                for (int i = 0; i < WARM_UPS + 1; i++) {
                    assertArrayEquals(expected[k], net.call(x[k]).toDoubleArray());
                }
            }
            assertEquals(3, driver.count("cuGraphInstantiate"));
            Thread other = new Thread(() -> {
                try (Context there = Context.open(backend.device());
                        Scope inner = Scope.open();
                        Autograd.Mode predict = Autograd.pause()) {
                    for (int i = 0; i < WARM_UPS + 1; i++) {
                        net.call(x[1]).toDoubleArray();
                    }
                }
            });
            other.start();
            other.join(60_000);
            assertEquals(4, driver.count("cuGraphInstantiate"));
            assertEquals(1, driver.count("cuGraphExecDestroy"), "the one used longest ago");
        }
        assertEquals(4, driver.count("cuGraphExecDestroy"));
    }
}
