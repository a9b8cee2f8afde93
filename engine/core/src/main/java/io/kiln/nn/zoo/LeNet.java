package io.kiln.nn.zoo;

import io.kiln.nn.Block;
import io.kiln.nn.Conv2D;
import io.kiln.nn.Dense;
import io.kiln.nn.Pool;
import io.kiln.nn.Sequential;
import io.kiln.op.activation.Activation;

/**
 * A convolutional network for 28×28 images, similar to LeNet-5 but with ReLU and max pooling. Y. LeCun, L. Bottou, Y.
 * Bengio, P. Haffner: Gradient-based learning applied to document recognition, Proceedings of the IEEE, 1998.
 *
 * <pre>
 * input            [1, 28, 28]
 * convolution 5×5 [32, 28, 28]   relu
 * max pooling 2×2 [32, 14, 14]
 * convolution 5×5 [64, 10, 10]   relu
 * max pooling 2×2 [64, 5, 5]
 * dense           [512]          relu
 * dense           [classes]      scores (logits)
 * </pre>
 */
public final class LeNet {
    private LeNet() {}

    /**
     * Creates a network.
     *
     * @param classes number of classes
     * @return x[N,1,28,28] to scores[N,classes]
     */
    public static Block of(long classes) {
        Layers.checkClasses("lenet", classes);
        return new Sequential(
                Conv2D.builder()
                        .channels(32)
                        .kernel(5)
                        .pad(2)
                        .activation(Activation.RELU)
                        .build(),
                Pool.max2D(2),
                Conv2D.builder()
                        .channels(64)
                        .kernel(5)
                        .activation(Activation.RELU)
                        .build(),
                Pool.max2D(2),
                new Dense(512, Activation.RELU),
                new Dense(classes));
    }
}
