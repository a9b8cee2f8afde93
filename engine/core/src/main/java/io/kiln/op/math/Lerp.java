package io.kiln.op.math;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.op.GradientContext;
import io.kiln.op.Pointwise;
import io.kiln.op.internal.Broadcasting;
import io.kiln.pointwise.Expr;

/**
 * Linear interpolation between two points: y = a + w (b - a), element by element. Inputs: a, b, w, which broadcast to
 * y. Dtype: the promoted one; float32 for integers.
 */
public record Lerp() implements Pointwise {
    @Override
    public Expr expression(Expr... x) {
        return x[1].sub(x[0]).mul(x[2]).add(x[0]);
    }

    @Override
    public int arity() {
        return 3;
    }

    @Override
    public DType result(DType promoted) {
        return promoted.isFloating() ? promoted : DType.FLOAT32;
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        NDArray dy = c.outputGradient(0);
        NDArray w = c.input(2);
        NDArray[] d = {
            c.needs(0) ? dy.mul(Elementwise.sub(1, w)) : null,
            c.needs(1) ? dy.mul(w) : null,
            c.needs(2) ? dy.mul(c.input(1).sub(c.input(0))) : null
        };
        for (int i = 0; i < d.length; i++) {
            d[i] = Broadcasting.reduceTo(d[i], c.input(i).shape());
        }
        return d;
    }
}
