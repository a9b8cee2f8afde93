package io.kiln.op;

/** How an array is sampled between its elements. */
public enum InterpolationMode {
    /** The element at or before the place. */
    NEAREST,
    /** Linear between two neighbours along each axis: bilinear on images. */
    LINEAR,
    /** Cubic convolution over four neighbours along each axis, with a = -3/4 (R. Keys, 1981): bicubic on images. */
    CUBIC
}
