package io.kiln.op.vision;

import io.kiln.op.nn.AdaptiveAvgPool;

/** How an array is sampled between its elements. */
public enum InterpolationMode {
    /** Element ⌊i n/m⌋ of n for element i of m, as older image libraries do: half an element off. */
    NEAREST,
    /** The element with the nearest centre: ⌊(i + 1/2) n/m⌋. */
    NEAREST_EXACT,
    /** Linear between two neighbours along each axis: bilinear on images. */
    LINEAR,
    /** Cubic convolution over four neighbours along each axis, with a = -3/4 (R. Keys, 1981): bicubic on images. */
    CUBIC,
    /** The mean of the elements from ⌊i n/m⌋ to below ⌈(i + 1) n/m⌉, as {@link AdaptiveAvgPool}. */
    AREA
}
