package io.kiln.benchmarks.net;

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
     * Convolution, stride 1: weight [out, in, kernel, kernel], bias [out].
     *
     * @param in channels of the input
     * @param out channels of the output
     * @param kernel height and width of the kernel
     * @param pad zeros on each side
     */
    record Conv(int in, int out, int kernel, int pad) implements Layer {}

    /** \(\max(x, 0)\). */
    record Relu() implements Layer {}

    /** The greatest of each 2×2, stride 2. */
    record MaxPool() implements Layer {}

    /** All axes but the first become one. */
    record Flatten() implements Layer {}
}
