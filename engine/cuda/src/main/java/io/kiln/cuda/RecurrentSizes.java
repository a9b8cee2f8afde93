package io.kiln.cuda;

/**
 * Bytes that cuDNN takes for a recurrent layer.
 *
 * @param weights of all weights, in its order
 * @param inference while it predicts
 * @param training while it computes a result or a gradient in training
 * @param reserve what a result keeps for its gradient
 */
record RecurrentSizes(long weights, long inference, long training, long reserve) {
    private static final long ALIGNMENT = 256;

    /** Bytes from one part of a block to the next. */
    static long aligned(long bytes) {
        return (bytes + ALIGNMENT - 1) & -ALIGNMENT;
    }

    /** What a layer keeps for its gradient: the weights, then the reserve. */
    long kept() {
        return aligned(weights) + reserve;
    }
}
