package io.kiln.cpu;

import io.kiln.autograd.Autograd;
import io.kiln.cpu.natives.Natives;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.nn.Conv2D;
import io.kiln.nn.Dense;
import io.kiln.nn.Flatten;
import io.kiln.nn.Pool;
import io.kiln.nn.Sequential;
import io.kiln.nn.loss.SoftmaxCrossEntropy;
import io.kiln.op.activation.Activation;
import java.util.Random;

/** Computes the gradients of a small network and prints whether oneDNN served, and numbers that depend on everything. */
public final class ForcedMain {

    private ForcedMain() {}

    /**
     * The process that {@link ForcedTest} starts.
     *
     * @param arguments none
     */
    public static void main(String[] arguments) {
        EngineThreads.set(2);
        StringBuilder line = new StringBuilder("RESULT ");
        line.append(Natives.get().isAvailable());
        try (Scope scope = Scope.open();
                Sequential net = new Sequential(
                        Conv2D.builder()
                                .channels(8)
                                .kernel(3)
                                .pad(1)
                                .activation(Activation.RELU)
                                .build(),
                        Pool.max2D(2),
                        Conv2D.builder().channels(5).kernel(3).build(),
                        Pool.average2D(2),
                        new Flatten(),
                        new Dense(10, Activation.TANH),
                        new Dense(4))) {
            net.initialize(3);
            Random random = new Random(5);
            float[] pixels = new float[6 * 2 * 12 * 12];
            for (int i = 0; i < pixels.length; i++) {
                pixels[i] = random.nextFloat();
            }
            NDArray x = NDArray.of(Shape.of(6, 2, 12, 12), pixels);
            NDArray labels = NDArray.of(Shape.of(6), 0, 1, 2, 3, 0, 1);
            NDArray loss;
            try (Autograd.Mode mode = Autograd.record()) {
                loss = new SoftmaxCrossEntropy().compute(net.call(x), labels);
            }
            Autograd.backward(loss);
            line.append(' ').append(loss.sum().item());
            net.parameters().forEach((name, parameter) -> {
                NDArray gradient = parameter.gradient();
                line.append(' ').append(gradient.mul(gradient).sum().item());
            });
        }
        System.out.println(line);
    }
}
