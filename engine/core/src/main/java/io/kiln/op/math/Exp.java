package io.kiln.op.math;

import io.kiln.ndarray.NDArray;
import io.kiln.op.UnaryPointwise;
import io.kiln.pointwise.Expr;

/** Exponential, element by element: \(y = e^x\). Shapes: y as x. Dtype: as x; float32 for integers. */
public record Exp() implements UnaryPointwise {
    @Override
    public Expr expression(Expr x) {
        return x.exp();
    }

    @Override
    public NDArray gradient(NDArray dy, NDArray x, NDArray y) {
        return dy.mul(y);
    }
}
