package io.kiln.optim;

/**
 * The numbers on which one update of one parameter depends.
 *
 * @param number number of this update of the parameter, from 1
 * @param learningRate the learning rate
 * @param weightDecay the weight decay, 0 for parameters that are not decayed
 * @param rescale factor on the gradient: 1/batch, times the factor of clipping by global norm
 * @param clip bound on the magnitude of each element of the rescaled gradient; infinite for none
 * @param layerwise whether an optimizer with a trust ratio applies it (to weights, not to biases)
 */
public record Step(
        long number, double learningRate, double weightDecay, double rescale, double clip, boolean layerwise) {
    /**
     * Checks the numbers.
     *
     * @throws IllegalArgumentException if one is out of range or not a number
     */
    public Step {
        if (number < 1) {
            throw new IllegalArgumentException("step: updates are counted from 1, got " + number);
        }
        Check.atLeastZero("step", "learningRate", learningRate);
        Check.atLeastZero("step", "weightDecay", weightDecay);
        if (!Double.isFinite(rescale)) {
            throw new IllegalArgumentException("step: rescale must be finite, got " + rescale);
        }
        Check.positive("step", "clip", clip);
    }

    /**
     * Returns these numbers with another learning rate.
     *
     * @param rate the learning rate
     * @return the new numbers
     */
    public Step withLearningRate(double rate) {
        return new Step(number, rate, weightDecay, rescale, clip, layerwise);
    }
}
