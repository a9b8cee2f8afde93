package io.kiln.op.math;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Pointwise;
import io.kiln.op.internal.Broadcasting;
import io.kiln.pointwise.Expr;

/**
 * Picks one of two values, element by element: a where the condition differs from 0, else b. Inputs: condition, a, b, which
 * broadcast to y. Dtype: the promoted one of a and b.
 */
public record Where() implements Pointwise {
    @Override
    public Spec[] infer(Spec... inputs) {
        Spec y = Pointwise.super.infer(inputs)[0];
        return new Spec[] {new Spec(y.shape(), inputs[1].dtype().promote(inputs[2].dtype()))};
    }

    @Override
    public Expr expression(Expr... x) {
        return x[0].select(x[1], x[2]);
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
        return new NDArray[] {null, share(c, 1, false), share(c, 2, true)};
    }

    private static NDArray share(GradientContext c, int operand, boolean inverted) {
        if (!c.needs(operand)) {
            return null;
        }
        NDArray g = Dispatch.one(
                new Masked(inverted), c.outputGradient(0), c.input(0).ne(0));
        return Broadcasting.reduceTo(g, c.input(operand).shape());
    }
}
