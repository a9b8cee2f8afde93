package io.kiln.op.math;

import io.kiln.ndarray.NDArray;
import io.kiln.op.UnaryPointwise;
import io.kiln.pointwise.Expr;

/** Natural logarithm, element by element: \(y = \ln x\). Shapes: y as x. Dtype: as x; float32 for integers. */
public record Log() implements UnaryPointwise {
    @Override
    public Expr expression(Expr x) {
        return x.log();
    }

    @Override
    public NDArray gradient(NDArray dy, NDArray x, NDArray y) {
        return dy.div(x);
    }
}
