package io.kiln.op.internal;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.attention.ScaledDotProductAttention;
import io.kiln.op.linalg.Linalg;
import io.kiln.op.reduce.Sum;
import java.util.List;

/**
 * The gradient of {@link ScaledDotProductAttention}: with \(\bar P = \mathrm{drop}(P)\),
 * \(dv = \bar P^\top dy\), \(dS = P (dP - \sum_j dP_j P_j)\) where \(dP = \mathrm{drop}(dy\, v^\top)\), \(dq = s\, dS\, k\),
 * \(dk = s\, dS^\top q\). Inputs: dy[…,L,V], q, k, v, P[…,L,S], and what P was multiplied by where elements were dropped.
 * Outputs: dq, dk, dv.
 *
 * @param scale s
 * @param dropped whether elements of P were dropped
 */
public record ScaledDotProductAttentionGradient(double scale, boolean dropped) implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        return new Spec[] {inputs[1], inputs[2], inputs[3]};
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        long scores = inputs[4].shape().size();
        long inner = inputs[1].shape().dim(-1) + inputs[3].shape().dim(-1);
        return Math.multiplyExact(4 * inner + 4, scores); // two products of each, and the softmax
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        return CompositeGradient.of(this, c);
    }

    @Override
    public NDArray[] compose(NDArray... in) {
        NDArray dy = in[0];
        NDArray p = in[4];
        NDArray keep = dropped ? in[5] : null;
        NDArray ds = scores(weights(dy, in[3], p, keep), p).mul(scale);
        NDArray used = keep == null ? p : p.mul(keep);
        return new NDArray[] {
            Broadcasting.reduceTo(ds.matmul(in[2]), in[1].shape()),
            Broadcasting.reduceTo(Linalg.matrixTranspose(ds).matmul(in[1]), in[2].shape()),
            Broadcasting.reduceTo(Linalg.matrixTranspose(used).matmul(dy), in[3].shape())
        };
    }

    /** The gradient of P, from that of y. */
    public static NDArray weights(NDArray dy, NDArray v, NDArray p, NDArray keep) {
        NDArray dp = dy.matmul(Linalg.matrixTranspose(v));
        return Broadcasting.reduceTo(keep == null ? dp : dp.mul(keep), p.shape());
    }

    /** The gradient of what the softmax is taken of, from that of P. */
    public static NDArray scores(NDArray dp, NDArray p) {
        NDArray dot = Dispatch.one(new Sum(List.of((long) p.shape().rank() - 1), true), dp.mul(p));
        return dp.sub(dot).mul(p);
    }
}
