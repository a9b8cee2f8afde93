package io.kiln.optim;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.LateCheck;
import io.kiln.ndarray.NDArray;
import java.util.List;
import java.util.function.DoubleFunction;

/**
 * Clipping by a norm that only a device knows: gradients are scaled there, and an update whose norm is not finite leaves weights and
 * states as they are. The exception for it comes with the next value that is read.
 */
final class LateClip {
    private final Scalar factor;
    private final NDArray finite;

    private LateClip(Scalar factor, NDArray finite) {
        this.factor = factor;
        this.finite = finite;
    }

    /**
     * Clips without a wait.
     *
     * @param gradients all gradients
     * @param rescale what they are multiplied by beside
     * @param bound the largest norm of the products
     * @param error makes the exception for a norm that is not finite
     * @return arrays of the calling scope; null where Java knows the norm at no cost, or gradients lie on several devices
     */
    static LateClip of(List<NDArray> gradients, double rescale, double bound, DoubleFunction<RuntimeException> error) {
        if (gradients.isEmpty()
                || gradients.get(0).backend().traits().hostAddressable()
                || gradients.stream()
                        .anyMatch(g -> g.backend() != gradients.get(0).backend())) {
            return null;
        }
        Scalar sum = Scalar.of(0);
        for (NDArray g : gradients) {
            sum = sum.add(Scalar.sumOfSquares(g));
        }
        Scalar norm = Scalar.of(rescale).mul(sum.sqrt());
        Scalar least = norm.max(Scalar.of(Double.MIN_NORMAL));
        Scalar factor = Scalar.of(1).min(Scalar.of(bound).div(least));
        NDArray finite = norm.array().isFinite().cast(DType.FLOAT32);
        LateCheck.notZero(finite, norm.array(), n -> error.apply(n.item()));
        return new LateClip(factor.mul(Scalar.of(rescale)), finite);
    }

    /** A gradient times the factor. */
    NDArray scaled(NDArray gradient) {
        DType computed = Updates.computed(gradient.dtype());
        return gradient.cast(computed).mul(factor.array(computed, gradient.shape()));
    }

    /** 1 where an array is to be updated, else 0. */
    NDArray condition(NDArray updated) {
        return finite.cast(Updates.computed(updated.dtype())).broadcastTo(updated.shape());
    }
}
