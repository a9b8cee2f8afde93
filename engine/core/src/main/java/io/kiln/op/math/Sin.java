package io.kiln.op.math;

import io.kiln.ndarray.NDArray;
import io.kiln.op.Dispatch;
import io.kiln.op.UnaryPointwise;
import io.kiln.pointwise.Expr;

/** Sine, x in radians, element by element: \(y = \sin x\). Shapes: y as x. Dtype: as x; float32 for integers. */
public record Sin() implements UnaryPointwise {
    @Override
    public Expr expression(Expr x) {
        return x.sin();
    }

    @Override
    public NDArray gradient(NDArray dy, NDArray x, NDArray y) {
        return dy.mul(Dispatch.one(new Cos(), x));
    }
}
