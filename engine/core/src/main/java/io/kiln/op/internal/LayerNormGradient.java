package io.kiln.op.internal;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.math.Rsqrt;
import io.kiln.op.nn.LayerNormOp;
import io.kiln.op.reduce.Sum;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The gradient of {@link LayerNormOp}, with \(\hat x = (x - \mu) r\): dβ = Σ dy, dγ = Σ dy x̂ over the rows, and in each row
 * dx = r (g − mean(g) − x̂ mean(g x̂)) with g = γ dy. Inputs: dy[…,n], x[…,n], gamma[n], mean[…,1], r[…,1]. Outputs: dx[…,n],
 * dgamma[n], dbeta[n].
 *
 * @param epsilon added to the variance
 */
public record LayerNormGradient(double epsilon) implements Operator {
    /** The mean over the last axis, which stays with size 1. */
    public static NDArray mean(NDArray x) {
        int rank = x.shape().rank();
        NDArray sum = Dispatch.one(new Sum(List.of(rank - 1L), true), x);
        return sum.mul(1.0 / Math.max(1, x.shape().dim(-1)));
    }

    @Override
    public Spec[] infer(Spec... inputs) {
        return new Spec[] {inputs[1], inputs[2], inputs[2]};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        return CompositeGradient.of(this, c);
    }

    /** The statistics are computed again from x, so that second derivatives see how they depend on it. */
    @Override
    public NDArray[] compose(NDArray... in) {
        NDArray dy = in[0];
        NDArray x = in[1];
        NDArray centred = x.sub(mean(x));
        NDArray inverse = Dispatch.one(new Rsqrt(), mean(centred.mul(centred)).add(epsilon));
        NDArray normal = centred.mul(inverse);
        NDArray g = dy.mul(in[2]);
        NDArray dx = g.sub(mean(g)).sub(normal.mul(mean(g.mul(normal)))).mul(inverse);
        int[] rows = IntStream.range(0, x.shape().rank() - 1).toArray();
        return new NDArray[] {
            dx,
            rows.length == 0 ? dy.mul(normal) : dy.mul(normal).sum(rows),
            rows.length == 0 ? dy.copy() : dy.sum(rows)
        };
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        // Twice the forward pass.
        return Math.multiplyExact(14, inputs[0].shape().size());
    }
}
