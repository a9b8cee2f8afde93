package io.kiln.nn;

/** Builds convolution layers over 1 spatial axis: x[N,C,W]. */
public final class Conv1D {
    private Conv1D() {}

    /**
     * Returns a builder for a convolution layer.
     *
     * @return a builder with the defaults
     */
    public static Conv.Builder builder() {
        return new Conv.Builder(1, false);
    }

    /**
     * Returns a builder for a transposed convolution layer.
     *
     * @return a builder with the defaults
     */
    public static Conv.Builder transposedBuilder() {
        return new Conv.Builder(1, true);
    }
}
