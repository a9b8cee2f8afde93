package io.kiln.nn;

/** Builds convolution layers over 3 spatial axes: x[N,C,D,H,W]. */
public final class Conv3D {
    private Conv3D() {}

    /**
     * Returns a builder for a convolution layer.
     *
     * @return a builder with the defaults
     */
    public static Conv.Builder builder() {
        return new Conv.Builder(3, false);
    }

    /**
     * Returns a builder for a transposed convolution layer.
     *
     * @return a builder with the defaults
     */
    public static Conv.Builder transposedBuilder() {
        return new Conv.Builder(3, true);
    }
}
