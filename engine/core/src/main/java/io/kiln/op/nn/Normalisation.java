package io.kiln.op.nn;

import io.kiln.ndarray.NDArray;
import io.kiln.op.Dispatch;

/** Normalisations beyond those of {@link Neural}. */
public final class Normalisation {
    private Normalisation() {}

    /**
     * Normalisation by the root mean square over the last axis: {@link RmsNormOp}.
     *
     * @param x data […,n]
     * @param gamma scales [n]
     * @param epsilon added to the mean square
     * @return a new array
     */
    public static NDArray rmsNorm(NDArray x, NDArray gamma, double epsilon) {
        return Dispatch.one(new RmsNormOp(epsilon), x, gamma);
    }

    /**
     * Normalisation over groups of channels: {@link GroupNormOp}.
     *
     * @param x data [N,C,…]
     * @param gamma scales [C]
     * @param beta shifts [C]
     * @param groups number of groups
     * @param epsilon added to the variance
     * @return a new array
     */
    public static NDArray groupNorm(NDArray x, NDArray gamma, NDArray beta, long groups, double epsilon) {
        return Dispatch.one(new GroupNormOp(groups, epsilon), x, gamma, beta);
    }

    /**
     * Normalisation of each channel of each sample over its positions: {@link GroupNormOp} with as many groups as
     * channels.
     *
     * @param x data [N,C,…]
     * @param gamma scales [C]
     * @param beta shifts [C]
     * @param epsilon added to the variance
     * @return a new array
     */
    public static NDArray instanceNorm(NDArray x, NDArray gamma, NDArray beta, double epsilon) {
        return groupNorm(x, gamma, beta, x.shape().dim(1), epsilon);
    }

    /**
     * Normalisation by neighbouring channels: {@link LocalResponseNorm}.
     *
     * @param operator its attributes
     * @param x data [N,C,…]
     * @return a new array
     */
    public static NDArray localResponseNorm(LocalResponseNorm operator, NDArray x) {
        return Dispatch.one(operator, x);
    }
}
