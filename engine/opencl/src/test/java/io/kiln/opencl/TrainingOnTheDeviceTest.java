package io.kiln.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.kiln.autograd.Autograd;
import io.kiln.backend.Context;
import io.kiln.backend.Device;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.nn.Block;
import io.kiln.nn.Dense;
import io.kiln.nn.Sequential;
import io.kiln.nn.loss.SoftmaxCrossEntropy;
import io.kiln.nn.zoo.LeNet;
import io.kiln.op.activation.Activation;
import io.kiln.optim.Sgd;
import io.kiln.optim.TrainStep;
import io.kiln.optim.Trainer;
import io.kiln.optim.UpdateRule;
import java.util.Map;
import java.util.Random;
import java.util.function.Supplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Twenty steps have the losses of the CPU, eager and compiled, and nothing goes through the CPU on the way. */
@Tag("core")
class TrainingOnTheDeviceTest {
    private static final int STEPS = 20;
    private static final double TOLERANCE = 2e-4;

    @Test
    void aPerceptronTrainsAsOnTheProcessor() {
        compare(
                () -> new Sequential(new Dense(64, Activation.RELU), new Dense(32, Activation.TANH), new Dense(10)),
                Shape.of(32, 20));
    }

    @Test
    void leNetTrainsAsOnTheProcessor() {
        compare(() -> LeNet.of(10), Shape.of(8, 1, 28, 28));
    }

    private static void compare(Supplier<Block> network, Shape input) {
        OpenClBackend backend = RequiresOpenCl.device();
        for (boolean compiled : new boolean[] {false, true}) {
            double[] expected = losses(Device.cpu(), network, input, compiled);
            Map<String, Long> before = backend.counters().fallbacks();
            double[] got = losses(backend.device(), network, input, compiled);
            for (int i = 0; i < STEPS; i++) {
                assertEquals(expected[i], got[i], TOLERANCE * expected[i], "step " + i + ", compiled " + compiled);
            }
            assertEquals(before, backend.counters().fallbacks(), "nothing went through the CPU");
        }
    }

    private static double[] losses(Device device, Supplier<Block> network, Shape input, boolean compiled) {
        double[] losses = new double[STEPS];
        Random random = new Random(3);
        try (Context own = Context.open(device);
                Scope scope = Scope.open()) {
            NDArray x = NDArray.of(input, random.doubles(input.size(), -1, 1).toArray())
                    .cast(DType.FLOAT32);
            NDArray y = NDArray.of(
                    Shape.of(input.dim(0)), random.longs(input.dim(0), 0, 10).toArray());
            UpdateRule rule = new UpdateRule(new Sgd(0.9), 0.01);
            SoftmaxCrossEntropy loss = new SoftmaxCrossEntropy();
            try (Block net = network.get()) {
                net.initialize(11);
                net.call(x);
                try (Trainer trainer = compiled ? null : new Trainer(net.parameters(), rule);
                        TrainStep step = compiled ? new TrainStep(net, loss, rule) : null) {
                    for (int i = 0; i < STEPS; i++) {
                        losses[i] = compiled ? step.run(x, y) : step(net, loss, trainer, x, y);
                    }
                }
            }
        }
        return losses;
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
