package io.kiln.compile;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.autograd.Autograd;
import io.kiln.backend.Backends;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.nn.Block;
import io.kiln.nn.Conv2D;
import io.kiln.nn.Dense;
import io.kiln.nn.Dropout;
import io.kiln.nn.Lambda;
import io.kiln.nn.Pool;
import io.kiln.nn.Sequential;
import io.kiln.observe.Observation;
import io.kiln.observe.Observer;
import io.kiln.op.activation.Activation;
import io.kiln.op.attention.Attention;
import io.kiln.op.random.RandomGenerator;
import io.kiln.op.random.RandomOps;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Hybridized blocks beyond what the table of layers checks. */
class HybridizeTest {
    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open();
        RandomGenerator.seed(5);
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private static Sequential lenet() {
        return new Sequential(
                Conv2D.builder()
                        .channels(6)
                        .kernel(5)
                        .pad(2)
                        .activation(Activation.RELU)
                        .build(),
                Pool.max2D(2),
                Conv2D.builder()
                        .channels(16)
                        .kernel(5)
                        .activation(Activation.RELU)
                        .build(),
                Pool.max2D(2),
                new Dense(32, Activation.RELU),
                new Dense(10));
    }

    @Test
    void eightThreadsPredictWhatOneDoes() throws Exception {
        try (Block net = lenet()) {
            net.initialize(1);
            net.hybridize();
            List<NDArray> inputs = new ArrayList<>();
            List<float[]> expected = new ArrayList<>();
            for (int i = 0; i < 16; i++) {
                NDArray x = RandomOps.normal(Shape.of(4, 1, 28, 28), 0, 1, DType.FLOAT32);
                inputs.add(x);
                expected.add(net.call(x).toFloatArray());
            }
            ExecutorService pool = Executors.newFixedThreadPool(8);
            try {
                List<Future<?>> all = new ArrayList<>();
                for (int t = 0; t < 8; t++) {
                    int start = t;
                    all.add(pool.submit(() -> {
                        Backends.current().setThreads(1);
                        for (int k = 0; k < 40; k++) {
                            int i = (start + k) % inputs.size();
                            try (Scope own = Scope.open()) {
                                assertArrayEquals(
                                        expected.get(i), net.call(inputs.get(i)).toFloatArray(), 1e-5f);
                            }
                        }
                    }));
                }
                for (Future<?> f : all) {
                    f.get(60, TimeUnit.SECONDS);
                }
            } finally {
                pool.shutdownNow();
            }
        }
    }

    @Test
    void secondDerivativesAndSecondPassesAreThoseOfTheEagerBlock() {
        double[][] results = new double[2][];
        for (int i = 0; i < 2; i++) {
            try (Block net = new Sequential(new Dense(5, Activation.TANH), new Dropout(0.3), new Dense(1))) {
                net.initialize(2);
                if (i == 1) {
                    net.hybridize();
                }
                RandomGenerator.seed(9);
                NDArray x = Autograd.attachGradient(NDArray.arange(0, 12, 1, DType.FLOAT32)
                        .reshape(3, 4)
                        .mul(0.1)
                        .copy());
                NDArray loss;
                try (Autograd.Mode record = Autograd.record()) {
                    NDArray y = net.call(x).sum();
                    NDArray dx = Autograd.grad(y, x, true);
                    loss = dx.square().sum();
                }
                Autograd.backward(List.of(loss), null, true, v -> {});
                double[] first = Autograd.gradient(x).toDoubleArray();
                Autograd.backward(loss);
                assertArrayEquals(first, Autograd.gradient(x).toDoubleArray());
                results[i] = first;
            }
        }
        assertArrayEquals(results[0], results[1], 1e-6);
    }

    @Test
    void dropoutDrawsAnewInEachCallAndTheSameFromASeed() {
        try (Block net = new Dropout(0.5)) {
            net.hybridize();
            NDArray x = NDArray.ones(Shape.of(100), DType.FLOAT32);
            try (Autograd.Mode train = Autograd.trainMode()) {
                float[] a = net.call(x).toFloatArray();
                float[] b = net.call(x).toFloatArray();
                assertNotEquals(
                        List.of(a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8], a[9]),
                        List.of(b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9]));
                RandomGenerator.seed(5);
                assertArrayEquals(a, net.call(x).toFloatArray());
            }
        }
    }

    @Test
    void outputsThatAreInputsOrEqualAreArraysOfTheirOwn() {
        try (Block same = new Lambda(x -> x.reshape(6).reshape(2, 3))) {
            same.hybridize();
            NDArray x = NDArray.arange(0, 6, 1, DType.FLOAT32).reshape(2, 3).copy();
            NDArray y = same.call(x);
            y.close();
            assertEquals(5, x.get(1, 2));
        }
    }

    @Test
    void constantsBetweenParametersLeaveEachParameterItsValue() {
        NDArray c = NDArray.of(Shape.of(3), 1, 2, 3);
        float[][] results = new float[2][];
        for (int i = 0; i < 2; i++) {
            try (Block net = new Sequential(new Dense(3), new Lambda(x -> x.mul(c)), new Dense(2))) {
                net.initialize(1);
                if (i == 1) {
                    net.hybridize();
                }
                results[i] =
                        net.call(NDArray.ones(Shape.of(2, 4), DType.FLOAT32)).toFloatArray();
            }
        }
        assertArrayEquals(results[0], results[1]);
    }

    @Test
    void overwritingAWeightBetweenForwardAndBackwardIsRefused() {
        try (Block net = new Dense(3)) {
            net.initialize(1);
            net.hybridize();
            NDArray y;
            try (Autograd.Mode record = Autograd.record()) {
                y = net.call(NDArray.ones(Shape.of(2, 4), DType.FLOAT32));
            }
            net.parameters().get("weight").value().fill(0);
            assertThrows(IllegalStateException.class, () -> Autograd.backward(y));
        }
    }

    @Test
    void codeThatDependsOnValuesIsRefusedWhenTraced() {
        try (Block net = new Lambda(x -> x.sum().item() > 0 ? x : x.neg())) {
            net.hybridize();
            NDArray x = NDArray.ones(Shape.of(2), DType.FLOAT32);
            IllegalStateException e = assertThrows(IllegalStateException.class, () -> net.call(x));
            assertTrue(e.getMessage().contains("depends on values"), e.getMessage());
        }
    }

    @Test
    void memoryReturnsWhenCallsAreNotDifferentiatedAndWhenTheBlockIsClosed() {
        long before = Backends.current().allocator().liveBytes();
        try (Scope inner = Scope.open();
                Block net = lenet()) {
            net.initialize(1);
            net.hybridize();
            NDArray x = NDArray.ones(Shape.of(2, 1, 28, 28), DType.FLOAT32);
            long after = 0;
            for (int i = 0; i < 5; i++) {
                try (Scope step = Scope.open();
                        Autograd.Mode record = Autograd.record()) {
                    net.call(x);
                }
                long live = Backends.current().allocator().liveBytes();
                assertEquals(i == 0 ? live : after, live);
                after = live;
            }
        }
        assertEquals(before, Backends.current().allocator().liveBytes());
    }

    @Test
    void programsOfShapesNotUsedForLongAreDropped() {
        int[] compiled = new int[2];
        Observer counter = new Observer() {
            @Override
            public void compiled(String place, long nanos, int kept) {
                compiled[0]++;
                compiled[1] = kept;
            }
        };
        try (Scope scope = Scope.open();
                Dense net = new Dense(3);
                Observation observation = Observation.open(counter)) {
            net.initialize(1);
            NDArray expected = net.call(NDArray.ones(Shape.of(1, 4), DType.FLOAT32));
            net.hybridize(new CompileOptions().withPrograms(3));
            for (int n : new int[] {1, 2, 3, 1, 4, 1, 2}) { // 4 drops 2, and 2 drops 3
                NDArray y = net.call(NDArray.ones(Shape.of(n, 4), DType.FLOAT32));
                assertArrayEquals(expected.toFloatArray(), y.slice(0, n - 1, n).toFloatArray(), 1e-6f);
            }
            assertEquals(5, compiled[0]);
            assertEquals(3, compiled[1]);
            NDArray x = Autograd.attachGradient(NDArray.ones(Shape.of(7, 4), DType.FLOAT32));
            NDArray y;
            try (Autograd.Mode record = Autograd.record()) {
                y = net.call(x).sum();
            }
            for (int n = 8; n < 14; n++) {
                net.call(NDArray.ones(Shape.of(n, 4), DType.FLOAT32));
            }
            Autograd.backward(y); // its program was dropped since
            assertEquals(
                    net.values().get("weight").sum(0).slice(0, 0, 1).item(),
                    Autograd.gradient(x).get(0, 0),
                    1e-5);
        }
    }

    @Test
    void equalCallsOfAttentionWithDropoutDrawTwice() {
        Block net = new Lambda(x -> Attention.scaledDotProduct(x, x, x, null, false, 0.5)
                .sub(Attention.scaledDotProduct(x, x, x, null, false, 0.5)));
        net.hybridize();
        NDArray x = RandomOps.normal(Shape.of(2, 8, 4), 0, 1, DType.FLOAT32);
        try (Autograd.Mode train = Autograd.pauseInMode(true)) {
            assertTrue(net.call(x).abs().sum().item() > 1);
        }
        net.close();
    }
}
