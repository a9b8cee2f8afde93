package io.kiln.op.nn;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.internal.Broadcasting;
import io.kiln.op.internal.LayerNormGradient;
import io.kiln.op.math.Rsqrt;

/**
 * Normalisation by the root mean square over the last axis: \(y = \gamma x / \sqrt{\frac1n \sum x^2 + \epsilon}\) (Zhang and
 * Sennrich, NeurIPS 2019). Inputs: x[…,n], gamma[n]. Shapes: y as x. Dtype: as x, floating.
 *
 * @param epsilon added to the mean square
 */
public record RmsNormOp(double epsilon) implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        Shape x = inputs[0].shape();
        if (x.rank() < 1 || !inputs[0].dtype().isFloating()) {
            throw new ShapeException("rmsNorm: expected floating x[…,n], got " + inputs[0]);
        }
        if (!Shape.of(x.dim(-1)).accepts(inputs[1].shape())) {
            throw new ShapeException(
                    "rmsNorm: x" + x + " needs gamma[" + x.dim(-1) + "], got gamma" + inputs[1].shape());
        }
        return new Spec[] {inputs[0]};
    }

    /** 1/√(mean square + ε) of each row. */
    private NDArray inverse(NDArray x) {
        return Dispatch.one(new Rsqrt(), LayerNormGradient.mean(x.square()).add(epsilon));
    }

    @Override
    public NDArray[] compose(NDArray... inputs) {
        NDArray x = inputs[0].cast(inputs[0].dtype().promote(DType.FLOAT32));
        return new NDArray[] {x.mul(inverse(x)).mul(inputs[1]).cast(inputs[0].dtype())};
    }

    /** With r = 1/√(…) and g = γ dy: dx = r (g - x r² mean(g x)). */
    @Override
    public NDArray[] gradient(GradientContext c) {
        NDArray x = c.input(0);
        NDArray dy = c.outputGradient(0);
        NDArray r = inverse(x);
        NDArray dx = null;
        if (c.needs(0)) {
            NDArray g = dy.mul(c.input(1));
            dx = g.sub(x.mul(r.square()).mul(LayerNormGradient.mean(g.mul(x)))).mul(r);
        }
        NDArray dgamma =
                c.needs(1) ? Broadcasting.reduceTo(dy.mul(x).mul(r), c.input(1).shape()) : null;
        return new NDArray[] {dx, dgamma};
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        // Square, mean, scale by the inverse root, multiply by gamma.
        return Math.multiplyExact(4, inputs[0].shape().size());
    }
}
