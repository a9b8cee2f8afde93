package io.kiln.optim;

import io.kiln.ndarray.NDArray;

/**
 * An optimizer whose program takes additional arrays, which are computed from weight, gradient and states before it
 * runs: noise, norms, sums over rows. They are the program's last inputs, after the states.
 */
public interface CompanionOptimizer extends Optimizer {
    /**
     * Computes the additional arrays of one update.
     *
     * @param step the numbers of this update
     * @param weight the weight
     * @param gradient its gradient, neither rescaled nor clipped
     * @param states the states before the update
     * @return arrays of the weight's shape, in the calling scope
     */
    NDArray[] companions(Step step, NDArray weight, NDArray gradient, NDArray... states);
}
