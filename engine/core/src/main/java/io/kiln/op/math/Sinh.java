package io.kiln.op.math;

import io.kiln.ndarray.NDArray;
import io.kiln.op.Dispatch;
import io.kiln.op.UnaryPointwise;
import io.kiln.pointwise.Expr;

/** Hyperbolic sine, element by element: \(y = \sinh x\). Shapes: y as x. Dtype: as x; float32 for integers. */
public record Sinh() implements UnaryPointwise {
    @Override
    public Expr expression(Expr x) {
        return x.sinh();
    }

    @Override
    public NDArray gradient(NDArray dy, NDArray x, NDArray y) {
        return dy.mul(Dispatch.one(new Cosh(), x));
    }
}
