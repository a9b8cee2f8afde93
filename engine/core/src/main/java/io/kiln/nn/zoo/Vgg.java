package io.kiln.nn.zoo;

import io.kiln.nn.Activations;
import io.kiln.nn.Block;
import io.kiln.nn.Conv2D;
import io.kiln.nn.Dense;
import io.kiln.nn.Dropout;
import io.kiln.nn.Pool;
import io.kiln.nn.Sequential;

/**
 * VGG: stages of 3×3 convolutions. K. Simonyan, A. Zisserman: Very deep convolutional networks for large-scale image
 * recognition, ICLR 2015. For images of 224×224; other sizes work as well, with a first dense layer of another size.
 */
public final class Vgg {
    private static final long[] CHANNELS = {64, 128, 256, 512, 512};

    private Vgg() {}

    /**
     * Creates a network.
     *
     * @param layers number of layers with weights: 11, 13, 16 or 19
     * @param batchNorm whether each convolution is normalised, a later addition to the paper's networks
     * @param classes number of classes
     * @return x[N,3,224,224] to scores[N,classes]
     * @throws IllegalArgumentException for another number of layers
     */
    public static Block of(int layers, boolean batchNorm, long classes) {
        Layers.checkClasses("vgg", classes);
        Sequential features = new Sequential();
        int[] depths = depths(layers);
        for (int stage = 0; stage < depths.length; stage++) {
            for (int i = 0; i < depths[stage]; i++) {
                convolution(features, CHANNELS[stage], batchNorm);
            }
            features.add(Pool.max2D(2));
        }
        return new Stack()
                .add("features", features)
                .add(
                        "classifier",
                        new Sequential(
                                Layers.denseRelu(4096),
                                new Dropout(0.5),
                                Layers.denseRelu(4096),
                                new Dropout(0.5),
                                new Dense(classes)));
    }

    private static int[] depths(int layers) {
        return switch (layers) {
            case 11 -> new int[] {1, 1, 2, 2, 2};
            case 13 -> new int[] {2, 2, 2, 2, 2};
            case 16 -> new int[] {2, 2, 3, 3, 3};
            case 19 -> new int[] {2, 2, 4, 4, 4};
            default -> throw new IllegalArgumentException("vgg: layers must be 11, 13, 16 or 19, got " + layers);
        };
    }

    /** The convolutions before the last pooling, also used by SSD. */
    static void convolution(Sequential features, long channels, boolean batchNorm) {
        if (batchNorm) {
            features.add(Layers.convNorm(
                    Conv2D.builder()
                            .channels(channels)
                            .kernel(3)
                            .pad(1)
                            .weightInitializer(Layers.HE)
                            .build(),
                    Activations.relu()));
        } else {
            features.add(Layers.convRelu(channels, 3, 1, 1));
        }
    }
}
