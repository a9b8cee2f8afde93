package io.kiln.nn.zoo;

import io.kiln.nn.Block;
import io.kiln.nn.Concurrent;
import io.kiln.nn.Dropout;
import io.kiln.nn.Flatten;
import io.kiln.nn.Pool;
import io.kiln.nn.Sequential;

/**
 * SqueezeNet: few parameters by squeezing channels before 3×3 convolutions. F. Iandola et al.: SqueezeNet:
 * AlexNet-level accuracy with 50x fewer parameters and &lt;0.5MB model size, 2016. Version 1.1 needs less work for the
 * same accuracy.
 */
public final class SqueezeNet {
    private SqueezeNet() {}

    /**
     * Creates version 1.0.
     *
     * @param classes number of classes
     * @return x[N,3,224,224] to scores[N,classes]
     */
    public static Block v10(long classes) {
        return classifier(
                new Sequential(
                        Layers.convRelu(96, 7, 2, 0),
                        Pool.max2D(3).stride(2).ceilMode(true),
                        fire(16, 64),
                        fire(16, 64),
                        fire(32, 128),
                        Pool.max2D(3).stride(2).ceilMode(true),
                        fire(32, 128),
                        fire(48, 192),
                        fire(48, 192),
                        fire(64, 256),
                        Pool.max2D(3).stride(2).ceilMode(true),
                        fire(64, 256)),
                classes);
    }

    /**
     * Creates version 1.1.
     *
     * @param classes number of classes
     * @return x[N,3,224,224] to scores[N,classes]
     */
    public static Block v11(long classes) {
        return classifier(
                new Sequential(
                        Layers.convRelu(64, 3, 2, 0),
                        Pool.max2D(3).stride(2).ceilMode(true),
                        fire(16, 64),
                        fire(16, 64),
                        Pool.max2D(3).stride(2).ceilMode(true),
                        fire(32, 128),
                        fire(32, 128),
                        Pool.max2D(3).stride(2).ceilMode(true),
                        fire(48, 192),
                        fire(48, 192),
                        fire(64, 256),
                        fire(64, 256)),
                classes);
    }

    private static Block fire(long squeezed, long expanded) {
        return new Stack()
                .add("squeeze", Layers.convRelu(squeezed, 1, 1, 0))
                .add("expand", new Concurrent(Layers.convRelu(expanded, 1, 1, 0), Layers.convRelu(expanded, 3, 1, 1)));
    }

    private static Block classifier(Block features, long classes) {
        Layers.checkClasses("squeezenet", classes);
        return new Stack()
                .add("features", features)
                .add("dropout", new Dropout(0.5))
                .add("classifier", Layers.convRelu(classes, 1, 1, 0))
                .add("pool", Pool.globalAverage())
                .add("flatten", new Flatten());
    }
}
