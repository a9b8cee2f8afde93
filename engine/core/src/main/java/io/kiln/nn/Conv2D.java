package io.kiln.nn;

/** Builds convolution layers over 2 spatial axes: x[N,C,H,W]. */
public final class Conv2D {
    private Conv2D() {}

    /**
     * Returns a builder for a convolution layer.
     *
     * @return a builder with the defaults
     */
    public static Conv.Builder builder() {
        return new Conv.Builder(2, false);
    }

    /**
     * Returns a builder for a transposed convolution layer.
     *
     * @return a builder with the defaults
     */
    public static Conv.Builder transposedBuilder() {
        return new Conv.Builder(2, true);
    }
}
