package io.kiln.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.autograd.Autograd;
import io.kiln.backend.Backends;
import io.kiln.backend.Context;
import io.kiln.backend.Device;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.nn.Activations;
import io.kiln.nn.BatchNorm;
import io.kiln.nn.Block;
import io.kiln.nn.Conv2D;
import io.kiln.nn.Dense;
import io.kiln.nn.Pool;
import io.kiln.nn.Residual;
import io.kiln.nn.Sequential;
import io.kiln.nn.loss.SoftmaxCrossEntropy;
import io.kiln.nn.zoo.Gpt2;
import io.kiln.nn.zoo.LeNet;
import io.kiln.nn.zoo.LstmLanguageModel;
import io.kiln.op.Autocast;
import io.kiln.op.Precision;
import io.kiln.op.activation.Activation;
import io.kiln.optim.Sgd;
import io.kiln.optim.TrainStep;
import io.kiln.optim.Trainer;
import io.kiln.optim.UpdateRule;
import java.util.Map;
import java.util.Random;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Fifty steps in float32, eager and compiled, have the losses of the CPU; nothing goes through the CPU on the way, and a step waits for
 * its loss alone. Twenty in bfloat16 have them within its rounding.
 */
@Tag("core")
class TrainingOnTheDeviceTest {
    private static final int STEPS = 50;
    private static final double TOLERANCE = 2e-4;
    private static final int NARROW_STEPS = 20;
    /** Of the first loss, as roundings add up while the loss falls. */
    private static final double NARROW_TOLERANCE = 0.02;

    /** Steps after which the waits are counted. */
    private static final int WARM_UP = 3;

    private static final long CLASSES = 10;
    private static final double RATE = 0.01;

    /** A network: of images or numbers with a class each, or of words with a word to predict for each. */
    private record Case(String name, Supplier<Block> network, Shape input, boolean words) {
        @Override
        public String toString() {
            return name;
        }

        Shape labels() {
            return words ? input : Shape.of(input.dim(0));
        }

        NDArray data(Random random) {
            return words
                    ? classes(input, random)
                    : NDArray.of(input, random.doubles(input.size(), -1, 1).toArray())
                            .cast(DType.FLOAT32);
        }
    }

    static Stream<Case> networks() {
        return Stream.of(
                new Case("perceptron", TrainingOnTheDeviceTest::perceptron, Shape.of(32, 20), false),
                new Case("lenet", () -> LeNet.of(CLASSES), Shape.of(2, 1, 28, 28), false),
                new Case("residual network", TrainingOnTheDeviceTest::residual, Shape.of(4, 3, 8, 8), false),
                new Case("lstm", () -> new LstmLanguageModel(CLASSES, 12, 2, 0), Shape.of(3, 5), true),
                new Case("transformer", () -> new Gpt2(CLASSES, 6, 2, 16, 2, 0), Shape.of(3, 6), true));
    }

    private static Block perceptron() {
        return new Sequential(new Dense(64, Activation.RELU), new Dense(32, Activation.TANH), new Dense(CLASSES));
    }

    /** Two units of ResNet, with the strides and norms of the large ones, and few channels. */
    private static Block residual() {
        return new Sequential(
                conv(8, 3, 1),
                new BatchNorm(),
                Activations.relu(),
                new Residual(unit(1)),
                Activations.relu(),
                new Residual(unit(2), new Sequential(conv(8, 1, 2), new BatchNorm())),
                Activations.relu(),
                Pool.globalAverage(),
                new Dense(CLASSES));
    }

    private static Block unit(long stride) {
        return new Sequential(conv(8, 3, stride), new BatchNorm(), Activations.relu(), conv(8, 3, 1), new BatchNorm());
    }

    private static Block conv(long channels, long kernel, long stride) {
        return Conv2D.builder()
                .channels(channels)
                .kernel(kernel)
                .stride(stride)
                .pad(kernel / 2)
                .useBias(false)
                .build();
    }

    @ParameterizedTest
    @MethodSource("networks")
    void lossesAreThoseOfTheProcessor(Case c) {
        KernelDevice backend = DeviceUnderTest.get();
        double[] expected = losses(Device.cpu(), c, Precision.FLOAT32, false, STEPS);
        assertTrue(expected[STEPS - 1] < expected[0], "it learns: " + expected[0] + " to " + expected[STEPS - 1]);
        for (boolean compiled : new boolean[] {false, true}) {
            Map<String, Long> before = backend.kernels().counters().fallbacks();
            double[] got = losses(backend.device(), c, Precision.FLOAT32, compiled, STEPS);
            for (int i = 0; i < STEPS; i++) {
                assertEquals(expected[i], got[i], TOLERANCE * expected[i], "step " + i + ", compiled " + compiled);
            }
            assertEquals(before, backend.kernels().counters().fallbacks(), "nothing went through the CPU");
        }
    }

    @ParameterizedTest
    @MethodSource("networks")
    void lossesInBfloat16AreThoseOfTheProcessor(Case c) {
        double[] expected = losses(Device.cpu(), c, Precision.BFLOAT16, true, NARROW_STEPS);
        double[] got = losses(DeviceUnderTest.get().device(), c, Precision.BFLOAT16, true, NARROW_STEPS);
        for (int i = 0; i < NARROW_STEPS; i++) {
            assertEquals(expected[i], got[i], NARROW_TOLERANCE * expected[0], "step " + i);
        }
    }

    private static NDArray classes(Shape shape, Random random) {
        return NDArray.of(shape, random.longs(shape.size(), 0, CLASSES).toArray());
    }

    private static double[] losses(Device device, Case c, Precision precision, boolean compiled, int steps) {
        double[] losses = new double[steps];
        Random random = new Random(3);
        try (Context own = Context.open(device);
                Scope scope = Scope.open();
                Autocast.Mode cast = Autocast.open(precision)) {
            NDArray x = c.data(random);
            NDArray y = classes(c.labels(), random);
            UpdateRule rule = new UpdateRule(new Sgd(0.9), RATE);
            SoftmaxCrossEntropy loss = new SoftmaxCrossEntropy();
            try (Block net = c.network().get()) {
                net.initialize(11);
                net.call(x);
                try (Trainer trainer = compiled ? null : new Trainer(net.parameters(), rule);
                        TrainStep step = compiled ? new TrainStep(net, loss, rule) : null) {
                    long waits = 0;
                    for (int i = 0; i < steps; i++) {
                        if (i == WARM_UP) {
                            waits = waits(device);
                        }
                        losses[i] = compiled ? step.run(x, y) : step(net, loss, trainer, x, y);
                    }
                    if (!device.equals(Device.cpu())) {
                        assertEquals(steps - WARM_UP, waits(device) - waits, "waits of the steps, one for each loss");
                    }
                }
            }
        }
        return losses;
    }

    private static long waits(Device device) {
        return Backends.get(device) instanceof KernelDevice d
                ? d.kernels().counters().waits()
                : 0;
    }

    private static double step(Block net, SoftmaxCrossEntropy loss, Trainer trainer, NDArray x, NDArray y) {
        NDArray mean;
        try (Autograd.Mode record = Autograd.record()) {
            mean = loss.mean(net.call(x), y);
        }
        Autograd.backward(mean);
        trainer.step(1);
        return mean.item();
    }
}
