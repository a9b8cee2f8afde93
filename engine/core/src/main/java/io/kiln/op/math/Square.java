package io.kiln.op.math;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.op.UnaryPointwise;
import io.kiln.pointwise.Expr;

/** Square, element by element: \(y = x^2\). Shapes: y as x. Dtype: as x. */
public record Square() implements UnaryPointwise {
    @Override
    public Expr expression(Expr x) {
        return x.mul(x);
    }

    @Override
    public DType result(DType promoted) {
        return promoted;
    }

    @Override
    public NDArray gradient(NDArray dy, NDArray x, NDArray y) {
        return dy.mul(x).mul(2);
    }
}
