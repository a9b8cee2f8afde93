package io.kiln.op.math;

import io.kiln.ndarray.NDArray;
import io.kiln.op.UnaryPointwise;
import io.kiln.pointwise.Expr;

/** Square root, element by element: \(y = \sqrt x\). Shapes: y as x. Dtype: as x; float32 for integers. */
public record Sqrt() implements UnaryPointwise {
    @Override
    public Expr expression(Expr x) {
        return x.sqrt();
    }

    @Override
    public NDArray gradient(NDArray dy, NDArray x, NDArray y) {
        return dy.div(y).mul(0.5);
    }
}
