package io.kiln.op.activation;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.ShapeException;
import io.kiln.op.Dispatch;
import io.kiln.op.math.Elementwise;
import io.kiln.op.nn.SmoothL1;
import io.kiln.op.shape.Movement;
import java.util.Arrays;
import java.util.List;

/** Activations beyond those of {@link Elementwise}. */
public final class ActivationFunctions {
    private ActivationFunctions() {}

    /** {@return {@link LogSigmoid} of x} */
    public static NDArray logSigmoid(NDArray x) {
        return Dispatch.one(new LogSigmoid(), x);
    }

    /** {@return {@link Softsign} of x} */
    public static NDArray softsign(NDArray x) {
        return Dispatch.one(new Softsign(), x);
    }

    /** {@return {@link HardSwish} of x} */
    public static NDArray hardSwish(NDArray x) {
        return Dispatch.one(new HardSwish(), x);
    }

    /** {@return {@link Mish} of x} */
    public static NDArray mish(NDArray x) {
        return Dispatch.one(new Mish(), x);
    }

    /**
     * {@link HardSigmoid} with slope 1/6 and shift 1/2.
     *
     * @param x the array
     * @return a new array
     */
    public static NDArray hardSigmoid(NDArray x) {
        return Dispatch.one(new HardSigmoid(1.0 / 6, 0.5), x);
    }

    /**
     * {@link Celu}.
     *
     * @param x the array
     * @param alpha minus the limit for large negative elements
     * @return a new array
     */
    public static NDArray celu(NDArray x, double alpha) {
        return Dispatch.one(new Celu(alpha), x);
    }

    /**
     * {@link SoftShrink}.
     *
     * @param x the array
     * @param lambda by how much numbers move
     * @return a new array
     */
    public static NDArray softShrink(NDArray x, double lambda) {
        return Dispatch.one(new SoftShrink(lambda), x);
    }

    /**
     * {@link SmoothL1}.
     *
     * @param x the array
     * @param beta where the parabola ends
     * @return a new array
     */
    public static NDArray smoothL1(NDArray x, double beta) {
        return Dispatch.one(new SmoothL1(beta), x);
    }

    /**
     * {@link PReluOp} with one slope per channel.
     *
     * @param x data [N,C,…]
     * @param slope slopes of negative elements, [C] or [1]
     * @return a new array
     */
    public static NDArray prelu(NDArray x, NDArray slope) {
        if (slope.shape().rank() != 1 || x.shape().rank() < 2) {
            throw new ShapeException(
                    "prelu: needs x[N,C,…] and slope[C], got x" + x.shape() + " and slope" + slope.shape());
        }
        long[] d = new long[x.shape().rank() - 1];
        Arrays.fill(d, 1);
        d[0] = slope.shape().dim(0);
        return Dispatch.one(new PReluOp(), x, slope.reshape(d));
    }

    /**
     * Softmax of the negated elements: the smallest gets the largest share.
     *
     * @param x the array
     * @param axis the axis; negative ones count from the end
     * @return a new array
     */
    public static NDArray softmin(NDArray x, int axis) {
        return x.neg().softmax(axis);
    }

    /**
     * {@link MaskedSoftmax}.
     *
     * @param x the array
     * @param mask where it differs from 0 elements take part; broadcasts to x
     * @param axis the axis; negative ones count from the end
     * @return a new array
     */
    public static NDArray maskedSoftmax(NDArray x, NDArray mask, int axis) {
        return Dispatch.one(new MaskedSoftmax(axis), x, mask);
    }

    /**
     * {@link MaskedLogSoftmax}.
     *
     * @param x the array
     * @param mask where it differs from 0 elements take part; broadcasts to x
     * @param axis the axis; negative ones count from the end
     * @return a new array
     */
    public static NDArray maskedLogSoftmax(NDArray x, NDArray mask, int axis) {
        return Dispatch.one(new MaskedLogSoftmax(axis), x, mask);
    }

    /**
     * Gated linear unit: the first half along an axis times the logistic function of the second one (Dauphin et al., ICML
     * 2017).
     *
     * @param x the array
     * @param axis the axis, of an even size; negative ones count from the end
     * @return a new array, half as long along the axis
     */
    public static NDArray glu(NDArray x, int axis) {
        List<NDArray> halves = Movement.split(x, 2, axis);
        return halves.get(0).mul(halves.get(1).sigmoid());
    }
}
