package io.kiln.nn.zoo;

import io.kiln.ndarray.NDArray;
import io.kiln.nn.Activations;
import io.kiln.nn.BatchNorm;
import io.kiln.nn.Block;
import io.kiln.nn.Dense;
import io.kiln.nn.Pool;
import io.kiln.nn.Sequential;
import io.kiln.op.shape.Movement;

/**
 * Densely connected networks: the input of each layer is the outputs of all previous layers of its stage. G. Huang, Z.
 * Liu, L. van der Maaten, K. Weinberger: Densely connected convolutional networks, CVPR 2017. With bottlenecks and
 * compression by half.
 */
public final class DenseNet {
    private DenseNet() {}

    /**
     * Creates a network.
     *
     * @param layers 121, 161, 169 or 201
     * @param classes number of classes
     * @return x[N,3,224,224] to scores[N,classes]
     * @throws IllegalArgumentException for another number of layers
     */
    public static Block of(int layers, long classes) {
        Layers.checkClasses("densenet", classes);
        int[] depths =
                switch (layers) {
                    case 121 -> new int[] {6, 12, 24, 16};
                    case 161 -> new int[] {6, 12, 36, 24};
                    case 169 -> new int[] {6, 12, 32, 32};
                    case 201 -> new int[] {6, 12, 48, 32};
                    default ->
                        throw new IllegalArgumentException(
                                "densenet: layers must be 121, 161, 169 or 201, got " + layers);
                };
        long growth = layers == 161 ? 48 : 32;
        long channels = 2 * growth;
        Stack net = new Stack()
                .add(
                        "stem",
                        Layers.convNorm(Layers.conv(channels, 7, 2, 3), Activations.relu())
                                .add(Pool.max2D(3).stride(2).pad(1)));
        for (int stage = 0; stage < depths.length; stage++) {
            Sequential units = new Sequential();
            for (int i = 0; i < depths[stage]; i++) {
                units.add(new Unit(growth));
            }
            net.add("stage" + (stage + 1), units);
            channels += depths[stage] * growth;
            if (stage < depths.length - 1) {
                channels /= 2;
                net.add(
                        "transition" + (stage + 1),
                        new Sequential(
                                new BatchNorm(),
                                Activations.relu(),
                                Layers.conv(channels, 1, 1, 0),
                                Pool.average2D(2)));
            }
        }
        return net.add("norm", new BatchNorm())
                .add("relu", Activations.relu())
                .add("pool", Pool.globalAverage())
                .add("classifier", new Dense(classes));
    }

    /** Adds channels to its input. */
    private static final class Unit extends Block {
        private final Block body;

        Unit(long growth) {
            body = addChild(
                    "body",
                    new Sequential(
                            new BatchNorm(),
                            Activations.relu(),
                            Layers.conv(4 * growth, 1, 1, 0),
                            new BatchNorm(),
                            Activations.relu(),
                            Layers.conv(growth, 3, 1, 1)));
        }

        @Override
        public NDArray forward(NDArray x) {
            return Movement.concat(1, x, body.call(x));
        }
    }
}
