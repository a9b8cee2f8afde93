package io.kiln.benchmarks.net;

import java.util.List;

/** A layer, in the words that every engine has for it. Arrays are row-major, images are [batch, channels, height, width]. */
public sealed interface Layer {

    /**
     * Dense: \(y = x W^T + b\), weight [out, in], bias [out].
     *
     * @param in inner size
     * @param out units
     */
    record Dense(int in, int out) implements Layer {}

    /**
     * Convolution: weight [out, in, kernel, kernel], bias [out].
     *
     * @param in channels of the input
     * @param out channels of the output
     * @param kernel height and width of the kernel
     * @param stride step of the kernel
     * @param pad zeros on each side
     * @param bias whether there is a bias
     */
    record Conv(int in, int out, int kernel, int stride, int pad, boolean bias) implements Layer {
        /** Stride 1, with bias. */
        public Conv(int in, int out, int kernel, int pad) {
            this(in, out, kernel, 1, pad, true);
        }
    }

    /**
     * Batch normalisation, ε 1e-5, momentum 0.9: gamma [channels], beta [channels].
     *
     * @param channels of input and output
     */
    record BatchNorm(int channels) implements Layer {}

    /** \(\max(x, 0)\). */
    record Relu() implements Layer {}

    /**
     * The greatest of each window.
     *
     * @param kernel height and width of the window
     * @param stride step of the window
     * @param pad border on each side
     */
    record MaxPool(int kernel, int stride, int pad) implements Layer {
        /** Of each 2×2, stride 2. */
        public MaxPool() {
            this(2, 2, 0);
        }
    }

    /** The mean of each channel. */
    record GlobalAverage() implements Layer {}

    /** All axes but the first become one. */
    record Flatten() implements Layer {}

    /**
     * \(\max(\mathrm{body}(x) + \mathrm{shortcut}(x), 0)\).
     *
     * @param body of it
     * @param shortcut of it; none for x itself
     */
    record Residual(List<Layer> body, List<Layer> shortcut) implements Layer {}

    /**
     * Two rows of two tables side by side: x[batch, 2] with row numbers, y[batch, 2 dimension], tables [rows, dimension].
     *
     * @param rows of each table
     * @param dimension of a row
     */
    record Embeddings(int rows, int dimension) implements Layer {}
}
