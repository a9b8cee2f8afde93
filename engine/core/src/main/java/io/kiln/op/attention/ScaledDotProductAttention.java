package io.kiln.op.attention;

import io.kiln.autograd.Autograd;
import io.kiln.ndarray.ArrayFactory;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.op.DefaultValue;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Stochastic;
import io.kiln.op.internal.Broadcasting;
import io.kiln.op.internal.ScaledDotProductAttentionGradient;
import io.kiln.op.linalg.Linalg;
import io.kiln.op.math.CompareScalar;
import io.kiln.op.math.Comparison;
import io.kiln.op.math.Elementwise;
import io.kiln.op.math.Masked;
import io.kiln.op.math.Where;
import io.kiln.op.random.RandomOps;
import io.kiln.op.reduce.Any;
import java.util.Arrays;
import java.util.List;

/**
 * Scaled dot-product attention (Vaswani et al. 2017): \(P = \mathrm{softmax}(s\, q k^\top + m)\),
 * \(y = \mathrm{drop}(P) v\). Inputs: q[…,L,E], k[…,S,E], v[…,S,V] and, if there is one, a mask that broadcasts to
 * […,L,S]: of bool, saying which keys a query looks at, or floating, added to the products. The leading axes broadcast,
 * so that groups of queries may share keys. With causal, query i of L looks at keys 0 to i + S − L, so that the last
 * query sees the last key, as with keys from a cache; or, aligned at the first key, at keys 0 to i, as PyTorch's and
 * ONNX's {@code is_causal} do. A key with −∞ in the mask is hidden. A query without any key gets y = 0 and no gradient.
 *
 * <p>Outputs: y[…,L,V], P[…,L,S], and with dropout what P was multiplied by [.…,L,S]. Floating dtypes, one for q, k and
 * v.
 *
 * @param scale s, such as \(1/\sqrt E\)
 * @param causal whether later keys are hidden
 * @param masked whether there is a mask
 * @param dropout probability of an element of P being dropped in train mode, in [0, 1)
 * @param alignedFirst whether, with causal, the first query sees the first key alone, however many keys there are
 */
public record ScaledDotProductAttention(
        double scale, boolean causal, boolean masked, double dropout, @DefaultValue("false") boolean alignedFirst)
        implements Stochastic {
    /**
     * With the last query at the last key.
     *
     * @param scale s, such as \(1/\sqrt E\)
     * @param causal whether later keys are hidden
     * @param masked whether there is a mask
     * @param dropout probability of an element of P being dropped in train mode, in [0, 1)
     */
    public ScaledDotProductAttention(double scale, boolean causal, boolean masked, double dropout) {
        this(scale, causal, masked, dropout, false);
    }

    /** Checks the rate. */
    public ScaledDotProductAttention {
        if (!(dropout >= 0 && dropout < 1)) {
            throw new IllegalArgumentException(
                    "scaledDotProductAttention: dropout must be at least 0 and below 1, got " + dropout);
        }
    }

    @Override
    public boolean draws() {
        return dropout > 0;
    }

    @Override
    public Spec[] infer(Spec... inputs) {
        Shape q = inputs[0].shape();
        Shape k = inputs[1].shape();
        Shape v = inputs[2].shape();
        DType t = inputs[0].dtype();
        if (q.rank() < 2 || k.rank() < 2 || v.rank() < 2 || q.dim(-1) != k.dim(-1) || !fits(k.dim(-2), v.dim(-2))) {
            throw new ShapeException("scaledDotProductAttention: expected q[…,L,E], k[…,S,E], v[…,S,V], got q" + q
                    + ", k" + k + ", v" + v);
        }
        if (!t.isFloating() || inputs[1].dtype() != t || inputs[2].dtype() != t) {
            throw new IllegalArgumentException("scaledDotProductAttention: q, k and v need one floating dtype, got " + t
                    + ", " + inputs[1].dtype() + " and " + inputs[2].dtype() + "; cast them");
        }
        Shape front = Shape.broadcast(lead(q), lead(k), name());
        Shape all = Shape.broadcast(front, lead(v), name());
        Shape scores = front.insert(front.rank(), q.dim(-2)).insert(front.rank() + 1, k.dim(-2));
        if (masked) {
            Shape mask = inputs[3].shape();
            if (mask.rank() > scores.rank()
                    || !Shape.broadcast(mask, scores, name()).accepts(scores)) {
                throw new ShapeException("scaledDotProductAttention: the mask must broadcast to the scores " + scores
                        + ", got mask" + mask);
            }
            if (inputs[3].dtype() != DType.BOOL && inputs[3].dtype() != t) {
                throw new IllegalArgumentException("scaledDotProductAttention: the mask must be bool or " + t + ", got "
                        + inputs[3].dtype() + "; compare it with 0 or cast it");
            }
        }
        Spec p = new Spec(scores, t);
        Spec y = new Spec(all.insert(all.rank(), q.dim(-2)).insert(all.rank() + 1, v.dim(-1)), t);
        return dropout > 0 ? new Spec[] {y, p, p} : new Spec[] {y, p};
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        long scores = outputs[1].shape().size();
        long products = Math.multiplyExact(2 * inputs[0].shape().dim(-1), scores);
        long values = Math.multiplyExact(
                2 * inputs[1].shape().dim(-2), outputs[0].shape().size());
        return products + 5 * scores + values; // a softmax counts five
    }

    private static boolean fits(long a, long b) {
        return a == b || a == Shape.UNKNOWN || b == Shape.UNKNOWN;
    }

    private static Shape lead(Shape x) {
        return x.without(-1).without(-1);
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        NDArray dy = c.outputGradient(0);
        if (masked && c.needs(3) || c.outputGradient(1) != null) {
            return general(c);
        }
        if (dy == null) {
            return new NDArray[c.inputs()];
        }
        ScaledDotProductAttentionGradient operator = new ScaledDotProductAttentionGradient(scale, dropout > 0);
        NDArray[] d = dropout > 0
                ? c.run(operator, dy, c.input(0), c.input(1), c.input(2), c.output(1), c.output(2))
                : c.run(operator, dy, c.input(0), c.input(1), c.input(2), c.output(1));
        return Arrays.copyOf(d, c.inputs());
    }

    /** With gradients from P and to the mask. */
    private NDArray[] general(GradientContext c) {
        NDArray dy = c.outputGradient(0);
        NDArray p = c.output(1);
        NDArray keep = dropout > 0 ? c.output(2) : null;
        NDArray dp = c.outputGradient(1);
        if (dy != null) {
            NDArray fromY = ScaledDotProductAttentionGradient.weights(dy, c.input(2), p, keep);
            dp = dp == null ? fromY : dp.add(fromY);
        }
        NDArray[] d = new NDArray[c.inputs()];
        if (dp != null) {
            NDArray ds = ScaledDotProductAttentionGradient.scores(dp, p);
            d[0] = Broadcasting.reduceTo(
                    ds.mul(scale).matmul(c.input(1)), c.input(0).shape());
            d[1] = Broadcasting.reduceTo(
                    Linalg.matrixTranspose(ds.mul(scale)).matmul(c.input(0)),
                    c.input(1).shape());
            if (masked && c.needs(3)) {
                d[3] = Broadcasting.reduceTo(ds, c.input(3).shape());
            }
        }
        if (dy != null) {
            NDArray used = keep == null ? p : p.mul(keep);
            d[2] = Broadcasting.reduceTo(
                    Linalg.matrixTranspose(used).matmul(dy), c.input(2).shape());
        }
        return d;
    }

    @Override
    public NDArray[] compose(NDArray... in) {
        NDArray scores = in[0].matmul(Linalg.matrixTranspose(in[1])).mul(scale);
        NDArray seen = causal
                ? seen(in[0].factory(), in[0].shape().dim(-2), in[1].shape().dim(-2))
                : null;
        if (masked) {
            boolean chosen = in[3].dtype() == DType.BOOL;
            NDArray open =
                    chosen ? in[3] : Dispatch.one(new CompareScalar(Comparison.NE, Double.NEGATIVE_INFINITY), in[3]);
            seen = seen == null ? open : Elementwise.logicalAnd(seen, open);
            scores = chosen ? scores : scores.add(in[3]);
        }
        NDArray p;
        if (seen == null) {
            p = scores.softmax(-1);
        } else {
            NDArray all = seen.broadcastTo(scores.shape());
            NDArray some = Dispatch.one(new Any(List.of((long) scores.shape().rank() - 1), true), all);
            NDArray hidden = scores.factory().scalar(Double.NEGATIVE_INFINITY, scores.dtype());
            NDArray visible = Dispatch.one(new Where(), all, scores, hidden);
            // A query without any key gets a softmax of zeros, which is then cleared, so that no NaN arises.
            p = Dispatch.one(
                    new Masked(false),
                    Dispatch.one(new Masked(false), visible, some).softmax(-1),
                    some);
        }
        if (dropout == 0) {
            return new NDArray[] {p.matmul(in[2]), p};
        }
        NDArray keep = Autograd.isTraining()
                ? RandomOps.bernoulliLike(p, 1 - dropout).mul(1 / (1 - dropout))
                : p.factory().ones(Shape.scalar(), p.dtype()).broadcastTo(p.shape());
        return new NDArray[] {p.mul(keep).matmul(in[2]), p, keep};
    }

    /** Which of S keys each of L queries sees. */
    private NDArray seen(ArrayFactory beside, long queries, long keys) {
        long first = lastKeyOfFirst(queries, keys);
        NDArray row = beside.arange(first, first + queries, 1, DType.INT64).reshape(queries, 1);
        NDArray column = beside.arange(0, keys, 1, DType.INT64).reshape(1, keys);
        return Elementwise.ge(row, column);
    }

    /**
     * The last key that the first query sees, with causal.
     *
     * @param queries L
     * @param keys S
     * @return its number; negative if the first query sees none
     */
    public long lastKeyOfFirst(long queries, long keys) {
        return alignedFirst ? 0 : keys - queries;
    }
}
