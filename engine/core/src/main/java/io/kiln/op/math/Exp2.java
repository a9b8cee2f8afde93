package io.kiln.op.math;

import io.kiln.ndarray.NDArray;
import io.kiln.op.UnaryPointwise;
import io.kiln.pointwise.Expr;

/**
 * Power of 2, element by element: \(y = 2^x\). Shapes: y as x. Dtype: as x; float32 for
 * integers.
 */
public record Exp2() implements UnaryPointwise {
    @Override
    public Expr expression(Expr x) {
        return Expr.constant(2).pow(x);
    }

    @Override
    public NDArray gradient(NDArray dy, NDArray x, NDArray y) {
        return dy.mul(y).mul(Math.log(2));
    }
}
