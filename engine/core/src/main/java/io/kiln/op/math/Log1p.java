package io.kiln.op.math;

import io.kiln.ndarray.NDArray;
import io.kiln.op.UnaryPointwise;
import io.kiln.pointwise.Expr;

/**
 * Natural logarithm of 1 + x, exact near 0, element by element: \(y = \ln(1 + x)\). Shapes: y as x. Dtype: as x;
 * float32 for integers.
 */
public record Log1p() implements UnaryPointwise {
    @Override
    public Expr expression(Expr x) {
        return x.log1p();
    }

    @Override
    public NDArray gradient(NDArray dy, NDArray x, NDArray y) {
        return dy.div(x.add(1));
    }
}
