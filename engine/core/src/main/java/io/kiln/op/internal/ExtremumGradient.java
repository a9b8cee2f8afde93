package io.kiln.op.internal;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Pointwise;
import io.kiln.op.math.Maximum;
import io.kiln.op.math.Minimum;
import io.kiln.pointwise.Expr;

/**
 * The share of the gradient of {@link Maximum} or {@link Minimum} that goes to operand a: dy where a was chosen, half of it
 * where a = b, else 0. Inputs: dy, a, b, which broadcast. Dtype: the promoted one.
 *
 * @param minimum whether the smaller operand was chosen
 */
public record ExtremumGradient(boolean minimum) implements Pointwise {
    @Override
    public Expr expression(Expr... x) {
        Expr chosen = minimum ? x[1].lt(x[2]) : x[1].gt(x[2]);
        Expr tie = x[1].eq(x[2]).select(x[0].mul(0.5), Expr.constant(0));
        return chosen.select(x[0], tie);
    }

    @Override
    public int arity() {
        return 3;
    }

    @Override
    public DType result(DType promoted) {
        return promoted;
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        if (!c.needs(0)) {
            return new NDArray[3];
        }
        NDArray g = Dispatch.one(this, c.outputGradient(0), c.input(1), c.input(2));
        return new NDArray[] {Broadcasting.reduceTo(g, c.input(0).shape()), null, null};
    }
}
