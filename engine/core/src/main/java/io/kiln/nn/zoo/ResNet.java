package io.kiln.nn.zoo;

import io.kiln.ndarray.NDArray;
import io.kiln.nn.Activations;
import io.kiln.nn.BatchNorm;
import io.kiln.nn.Block;
import io.kiln.nn.Dense;
import io.kiln.nn.Pool;
import io.kiln.nn.Sequential;

/**
 * Residual networks of 18, 34, 50, 101 or 152 layers. Version 1: K. He, X. Zhang, S. Ren, J. Sun: Deep residual
 * learning for image recognition, CVPR 2016, with the stride of a bottleneck in its 3×3 convolution, as in torchvision.
 * Version 2, in which normalisation and ReLU precede the convolutions: the same authors, Identity mappings in deep
 * residual networks, ECCV 2016.
 *
 * <pre>{@code
 * Block resnet50 = ResNet.v1(50).classes(1000).build();
 * Block forCifar = ResNet.v1(18).classes(10).smallImages(true).build();
 * }</pre>
 */
public final class ResNet {
    private ResNet() {}

    /**
     * Returns a builder for a network of version 1.
     *
     * @param layers 18, 34, 50, 101 or 152
     * @return a builder
     * @throws IllegalArgumentException for another number of layers
     */
    public static Builder v1(int layers) {
        return new Builder(layers, false);
    }

    /**
     * Returns a builder for a network of version 2.
     *
     * @param layers 18, 34, 50, 101 or 152
     * @return a builder
     * @throws IllegalArgumentException for another number of layers
     */
    public static Builder v2(int layers) {
        return new Builder(layers, true);
    }

    /** The settings of a network. */
    public static final class Builder {
        private final int[] depths;
        private final boolean bottleneck;
        private final boolean second;
        private long classes = 1000;
        private boolean smallImages;

        private Builder(int layers, boolean second) {
            this.depths = switch (layers) {
                case 18 -> new int[] {2, 2, 2, 2};
                case 34, 50 -> new int[] {3, 4, 6, 3};
                case 101 -> new int[] {3, 4, 23, 3};
                case 152 -> new int[] {3, 8, 36, 3};
                default ->
                    throw new IllegalArgumentException("resnet: layers must be 18, 34, 50, 101 or 152, got " + layers);
            };
            this.bottleneck = layers >= 50;
            this.second = second;
        }

        /**
         * Sets the number of classes; 1000 by default.
         *
         * @param value at least 1
         * @return this builder
         */
        public Builder classes(long value) {
            Layers.checkClasses("resnet", value);
            classes = value;
            return this;
        }

        /**
         * Sets whether the network starts with a 3×3 convolution and without pooling, for images of about 32×32; false
         * by default.
         *
         * @param value true or false
         * @return this builder
         */
        public Builder smallImages(boolean value) {
            smallImages = value;
            return this;
        }

        /**
         * Creates the network.
         *
         * @return x[N,C,H,W] to scores[N,classes]
         */
        public Block build() {
            Stack net = new Stack().add("stem", stem());
            for (int stage = 0; stage < depths.length; stage++) {
                Sequential blocks = new Sequential();
                long width = 64L << stage;
                for (int i = 0; i < depths[stage]; i++) {
                    long stride = i == 0 && stage > 0 ? 2 : 1;
                    // The first unit of a stage changes size or channels, unless the stem already has both.
                    boolean project = i == 0 && (stage > 0 || bottleneck);
                    blocks.add(new Unit(width, stride, project, bottleneck, second));
                }
                net.add("stage" + (stage + 1), blocks);
            }
            if (second) {
                net.add("norm", new BatchNorm()).add("relu", Activations.relu());
            }
            return net.add("pool", Pool.globalAverage()).add("classifier", new Dense(classes));
        }

        private Sequential stem() {
            Sequential stem = new Sequential(smallImages ? Layers.conv(64, 3, 1, 1) : Layers.conv(64, 7, 2, 3));
            if (!second) {
                stem.add(new BatchNorm()).add(Activations.relu());
            }
            return smallImages ? stem : stem.add(Pool.max2D(3).stride(2).pad(1));
        }
    }

    /** Convolutions with a shortcut. */
    private static final class Unit extends Block {
        private final boolean second;
        private final Block before;
        private final Block body;
        private final Block shortcut;

        Unit(long width, long stride, boolean project, boolean bottleneck, boolean second) {
            this.second = second;
            long out = bottleneck ? 4 * width : width;
            before = second ? addChild("before", new Sequential(new BatchNorm(), Activations.relu())) : null;
            Sequential convolutions = new Sequential();
            if (bottleneck) {
                convolutions.add(Layers.conv(width, 1, 1, 0));
                normRelu(convolutions);
            }
            convolutions.add(Layers.conv(width, 3, stride, 1));
            normRelu(convolutions);
            convolutions.add(bottleneck ? Layers.conv(out, 1, 1, 0) : Layers.conv(out, 3, 1, 1));
            if (!second) {
                convolutions.add(new BatchNorm());
            }
            body = addChild("body", convolutions);
            if (project) {
                Sequential projection = new Sequential(Layers.conv(out, 1, stride, 0));
                shortcut = addChild("shortcut", second ? projection : projection.add(new BatchNorm()));
            } else {
                shortcut = null;
            }
        }

        private static void normRelu(Sequential s) {
            s.add(new BatchNorm()).add(Activations.relu());
        }

        @Override
        public NDArray forward(NDArray x) {
            if (second) {
                NDArray ready = before.call(x);
                NDArray around = shortcut == null ? x : shortcut.call(ready);
                return body.call(ready).add(around);
            }
            NDArray around = shortcut == null ? x : shortcut.call(x);
            return body.call(x).add(around).relu();
        }
    }
}
