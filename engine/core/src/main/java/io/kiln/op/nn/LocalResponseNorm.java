package io.kiln.op.nn;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.reduce.CumulativeSum;
import io.kiln.op.shape.Movement;

/**
 * Normalisation by neighbouring channels (Krizhevsky et al., NeurIPS 2012): \(y_c = x_c / (k + \frac\alpha n \sum_j
 * x_j^2)^\beta\) over the n channels j around c, those outside being 0. Shapes: x[N,C,…], y as x. Dtype: as x, floating.
 *
 * @param size n, odd
 * @param alpha \(\alpha\); 1e-4 in AlexNet
 * @param beta \(\beta\); 0.75 in AlexNet
 * @param bias k, above 0; 2 in AlexNet
 */
public record LocalResponseNorm(long size, double alpha, double beta, double bias) implements Operator {
    /** Checks the attributes. */
    public LocalResponseNorm {
        if (size < 1 || size % 2 == 0 || !(bias > 0)) {
            throw new IllegalArgumentException(
                    "localResponseNorm: size must be odd and bias above 0, got " + size + " and " + bias);
        }
    }

    @Override
    public Spec[] infer(Spec... inputs) {
        if (inputs[0].shape().rank() < 2 || !inputs[0].dtype().isFloating()) {
            throw new ShapeException("localResponseNorm: expected floating x[N,C,…], got " + inputs[0]);
        }
        return new Spec[] {inputs[0]};
    }

    /** Sums over the channels around each one: a difference of two running sums. */
    private NDArray around(NDArray x) {
        int rank = x.shape().rank();
        long[] before = new long[rank];
        long[] after = new long[rank];
        before[1] = size / 2 + 1;
        after[1] = size / 2;
        NDArray sums = Dispatch.one(new CumulativeSum(1, false, false), Movement.pad(x, before, after, 0));
        long n = x.shape().dim(1);
        return sums.slice(1, size, size + n).sub(sums.slice(1, 0, n));
    }

    private NDArray base(NDArray x) {
        return around(x.square()).mul(alpha / size).add(bias);
    }

    @Override
    public NDArray[] compose(NDArray... inputs) {
        NDArray x = inputs[0].cast(inputs[0].dtype().promote(DType.FLOAT32));
        return new NDArray[] {x.mul(base(x).pow(-beta)).cast(inputs[0].dtype())};
    }

    /** With b the base: dx = dy b^-β - 2 αβ/n x around(dy x b^(-β-1)); being around is mutual. */
    @Override
    public NDArray[] gradient(GradientContext c) {
        NDArray x = c.input(0);
        NDArray dy = c.outputGradient(0);
        NDArray b = base(x);
        NDArray pull = around(dy.mul(x).mul(b.pow(-beta - 1))).mul(x).mul(-2 * alpha * beta / size);
        return new NDArray[] {dy.mul(b.pow(-beta)).add(pull)};
    }
}
