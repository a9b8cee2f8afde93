package io.kiln.op.internal;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.math.Rsqrt;
import io.kiln.op.nn.BatchNormOp;

/**
 * The gradient of {@link BatchNormOp}, with \(\hat x = (x - \mu) r\) and r = 1/√(σ² + ε):
 * dβ = Σ dy, dγ = Σ dy x̂, and in train mode dx = γ r (dy − (dβ + x̂ dγ)/n), in predict mode dx = γ r dy. Inputs: dy[N,C,…],
 * x[N,C,…], gamma[C], mean[C], r[C]. Outputs: dx[N,C,…], dgamma[C], dbeta[C].
 *
 * @param epsilon added to the variance
 * @param training whether the statistics were those of the batch, and depend on x
 */
public record BatchNormGradient(double epsilon, boolean training) implements Operator {
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
        NDArray mean = in[3];
        NDArray inverse = in[4];
        double n = (double) x.size() / Math.max(1, x.shape().dim(1));
        if (training) {
            mean = Channels.sum(Channels.like(mean, x)).mul(1 / n);
            NDArray centred = x.sub(Channels.perChannel(mean, x));
            NDArray variance = Channels.sum(centred.mul(centred)).mul(1 / n);
            inverse = Dispatch.one(new Rsqrt(), variance.add(epsilon));
        }
        NDArray normal = x.sub(Channels.perChannel(mean, x)).mul(Channels.perChannel(inverse, x));
        NDArray dbeta = Channels.sum(Channels.like(in[2], dy));
        NDArray dgamma = Channels.sum(dy.mul(normal));
        NDArray g = dy;
        if (training) {
            NDArray share = Channels.perChannel(dbeta, x).add(normal.mul(Channels.perChannel(dgamma, x)));
            g = dy.sub(share.mul(1 / n));
        }
        NDArray dx = g.mul(Channels.perChannel(in[2].mul(inverse), x));
        return new NDArray[] {Channels.like(x, dx), dgamma, dbeta};
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        // Twice the forward pass.
        return Math.multiplyExact(8, inputs[0].shape().size());
    }
}
