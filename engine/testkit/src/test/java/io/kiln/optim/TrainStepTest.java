package io.kiln.optim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.kiln.autograd.Autograd;
import io.kiln.backend.Backends;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.nn.Activations;
import io.kiln.nn.BatchNorm;
import io.kiln.nn.Block;
import io.kiln.nn.Conv2D;
import io.kiln.nn.Dense;
import io.kiln.nn.Dropout;
import io.kiln.nn.Pool;
import io.kiln.nn.Sequential;
import io.kiln.nn.loss.SmoothedCrossEntropy;
import io.kiln.nn.loss.SoftmaxCrossEntropy;
import io.kiln.op.activation.Activation;
import io.kiln.op.random.RandomGenerator;
import io.kiln.op.random.RandomOps;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@Tag("core")
class TrainStepTest {
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

    static Stream<UpdateRule> rules() {
        return Stream.of(
                new UpdateRule(new Sgd(0.9), 0.05),
                new UpdateRule(new Adam()).withWeightDecay(0.01),
                new UpdateRule(new Adam(), 0.01).withClipNorm(0.5),
                new UpdateRule(new Lamb(), 0.01));
    }

    private static Block network() {
        Block net = new Sequential(
                Conv2D.builder()
                        .channels(8)
                        .kernel(3)
                        .pad(1)
                        .activation(Activation.RELU)
                        .build(),
                Pool.max2D(2),
                Conv2D.builder().channels(12).kernel(3).useBias(false).build(),
                new BatchNorm(),
                Activations.relu(),
                Pool.max2D(2),
                new Dense(32, Activation.RELU),
                new Dropout(0.3),
                new Dense(10));
        net.initialize(4);
        return net;
    }

    @ParameterizedTest
    @MethodSource("rules")
    void stepsAreThoseOfTrainerToTheBit(UpdateRule rule) {
        try (Block eager = network();
                Block compiled = network();
                Trainer trainer = new Trainer(eager.parameters(), rule);
                TrainStep step = new TrainStep(compiled, new SoftmaxCrossEntropy(), rule)) {
            for (int i = 0; i < 6; i++) {
                int n = i == 3 ? 5 : 8;
                NDArray x = RandomOps.normal(Shape.of(n, 1, 14, 14), 0, 1, DType.FLOAT32);
                NDArray y = NDArray.arange(0, n, 1, DType.INT32);
                RandomGenerator.seed(i);
                NDArray mean;
                try (Autograd.Mode record = Autograd.record()) {
                    mean = new SoftmaxCrossEntropy().mean(eager.call(x), y);
                }
                Autograd.backward(mean);
                trainer.step(1);
                RandomGenerator.seed(i);
                assertEquals(mean.item(), step.run(x, y), "loss of step " + i);
                eager.parameters()
                        .forEach((name, p) -> assertArrayEquals(
                                p.value().toFloatArray(),
                                compiled.parameters().get(name).value().toFloatArray(),
                                name));
            }
        }
    }

    @Test
    void gradientsFillBucketsFromTheLastLayerOn() {
        try (Block net = new Sequential(new Dense(600), new Dense(600), new Dense(600), new Dense(4));
                TrainStep step = new TrainStep(net, new SoftmaxCrossEntropy(), new UpdateRule(new Sgd(), 0.1))) {
            net.initialize(1);
            List<String> names = new ArrayList<>();
            List<Long> buckets = new ArrayList<>();
            GradientStep.Listener listener = new GradientStep.Listener() {
                @Override
                public void gradient(String name, NDArray gradient) {
                    names.add(name);
                }

                @Override
                public void bucket(int index, NDArray flat) {
                    assertEquals(buckets.size(), index);
                    buckets.add(flat.size() * 4);
                    names.add("bucket");
                }
            };
            NDArray x = NDArray.ones(Shape.of(2, 600), DType.FLOAT32);
            step.run(listener, x, NDArray.of(Shape.of(2), 1, 2));
            assertEquals(4, buckets.size());
            assertTrue(buckets.subList(0, 3).stream().allMatch(b -> b >= 1 << 20), buckets.toString());
            assertTrue(names.get(0).startsWith("3."), names.toString());
            assertTrue(names.indexOf("bucket") < names.indexOf("0.weight"), names.toString());
            assertEquals(8 + 4, names.size());
        }
    }

    @Tag("onednn")
    @Test
    void aStepAllocatesLittleOnTheHeap() {
        Backends.current().setThreads(1);
        try (Block net = network();
                TrainStep step = new TrainStep(net, new SoftmaxCrossEntropy(), new UpdateRule(new Sgd(0.9), 0.05))) {
            NDArray x = RandomOps.normal(Shape.of(8, 1, 14, 14), 0, 1, DType.FLOAT32);
            NDArray y = NDArray.arange(0, 8, 1, DType.INT32);
            for (int i = 0; i < 50; i++) {
                step.run(x, y);
            }
            ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
            long id = Thread.currentThread().getId();
            long before = threads.getThreadAllocatedBytes(id);
            for (int i = 0; i < 100; i++) {
                step.run(x, y);
            }
            long bytes = (threads.getThreadAllocatedBytes(id) - before) / 100;
            System.out.println("heap bytes per step: " + bytes + ", kernel calls "
                    + step.executable(x, y).kernelCalls());
            assertTrue(bytes < 40_000, "heap bytes per step: " + bytes);
        }
    }

    @Test
    void closingItFreesAllThatItMade() {
        long before = Backends.current().allocator().liveBytes();
        try (Scope own = Scope.open();
                Block net = new Sequential(new Dense(16, Activation.TANH), new Dense(4))) {
            net.initialize(2);
            NDArray x = RandomOps.normal(Shape.of(8, 6), 0, 1, DType.FLOAT32);
            NDArray labels = NDArray.arange(0, 8, 1, DType.INT32).mul(0);
            SmoothedCrossEntropy loss = new SmoothedCrossEntropy(0.1);
            try (TrainStep step = new TrainStep(net, loss, new UpdateRule(new Adam()))) {
                step.run(x, labels);
                step.run(x.slice(0, 0, 5), labels.slice(0, 0, 5));
            }
        }
        long left = Backends.current().allocator().liveBytes() - before;
        assertTrue(left <= 0, "bytes left: " + left); // the garbage collector may have freed arrays of earlier tests
    }
}
