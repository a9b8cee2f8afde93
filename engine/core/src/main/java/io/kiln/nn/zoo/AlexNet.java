package io.kiln.nn.zoo;

import io.kiln.nn.Block;
import io.kiln.nn.Dense;
import io.kiln.nn.Dropout;
import io.kiln.nn.Pool;
import io.kiln.nn.Sequential;

/**
 * AlexNet in its single-device form. A. Krizhevsky: One weird trick for parallelizing convolutional neural networks,
 * 2014; as in torchvision, for images of 224×224.
 */
public final class AlexNet {
    private AlexNet() {}

    /**
     * Creates a network.
     *
     * @param classes number of classes
     * @return x[N,3,224,224] to scores[N,classes]
     */
    public static Block of(long classes) {
        Layers.checkClasses("alexnet", classes);
        return new Stack()
                .add(
                        "features",
                        new Sequential(
                                Layers.convRelu(64, 11, 4, 2),
                                Pool.max2D(3).stride(2),
                                Layers.convRelu(192, 5, 1, 2),
                                Pool.max2D(3).stride(2),
                                Layers.convRelu(384, 3, 1, 1),
                                Layers.convRelu(256, 3, 1, 1),
                                Layers.convRelu(256, 3, 1, 1),
                                Pool.max2D(3).stride(2)))
                .add(
                        "classifier",
                        new Sequential(
                                new Dropout(0.5),
                                Layers.denseRelu(4096),
                                new Dropout(0.5),
                                Layers.denseRelu(4096),
                                new Dense(classes)));
    }
}
