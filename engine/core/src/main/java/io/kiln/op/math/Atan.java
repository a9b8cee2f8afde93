package io.kiln.op.math;

import io.kiln.ndarray.NDArray;
import io.kiln.op.Dispatch;
import io.kiln.op.UnaryPointwise;
import io.kiln.pointwise.Expr;

/**
 * Arc tangent, in radians, element by element: \(y = \arctan x\). Shapes: y as x. Dtype: as x; float32 for integers.
 */
public record Atan() implements UnaryPointwise {
    @Override
    public Expr expression(Expr x) {
        return x.atan();
    }

    @Override
    public NDArray gradient(NDArray dy, NDArray x, NDArray y) {
        return dy.div(Dispatch.one(new Square(), x).add(1));
    }
}
