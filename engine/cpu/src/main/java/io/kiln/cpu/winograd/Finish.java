package io.kiln.cpu.winograd;

import io.kiln.cpu.onednn.Tensor;

/**
 * The epilogue applied to the sums of a convolution before they are stored: {@code act(scale · sum + shift + residual)}.
 *
 * @param scale a factor for each channel, or null; not without a shift
 * @param shift a summand for each channel, or null
 * @param residual array added element by element, in the layout of the result, or null; it may be the result's memory
 * @param rectify whether negative results become 0
 */
public record Finish(float[] scale, float[] shift, Tensor residual, boolean rectify) {
    /** The sums as they are. */
    public static final Finish NONE = new Finish(null, null, null, false);
}
