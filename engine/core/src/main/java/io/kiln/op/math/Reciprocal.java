package io.kiln.op.math;

import io.kiln.ndarray.NDArray;
import io.kiln.op.UnaryPointwise;
import io.kiln.pointwise.Expr;

/** Reciprocal, element by element: \(y = 1/x\). Shapes: y as x. Dtype: as x; float32 for integers. */
public record Reciprocal() implements UnaryPointwise {
    @Override
    public Expr expression(Expr x) {
        return x.reciprocal();
    }

    @Override
    public NDArray gradient(NDArray dy, NDArray x, NDArray y) {
        return dy.mul(y).mul(y).neg();
    }
}
