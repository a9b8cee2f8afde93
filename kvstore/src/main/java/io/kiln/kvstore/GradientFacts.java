package io.kiln.kvstore;

import io.kiln.optim.GradientClipping;

/**
 * Facts about the gradients of all workers.
 *
 * @param overflows the number of workers that own non-finite ones
 * @param squares the sum of their squares
 */
record GradientFacts(double overflows, double squares) {
    /**
     * The factor that bounds the norm of the gradients.
     *
     * @param rescale what the gradients are multiplied by anyway
     * @param clipNorm the bound
     * @param number number of the update, for messages
     * @throws KVStoreException if the norm is not finite
     */
    double clipFactor(double rescale, double clipNorm, long number) {
        double clip = GradientClipping.factor(Math.sqrt(squares) * rescale, clipNorm);
        if (Double.isNaN(clip)) {
            throw new KVStoreException(
                    "step: update %d: the gradients' norm is not finite; lower the learning rate or look for bad data"
                            .formatted(number));
        }
        return clip;
    }
}
