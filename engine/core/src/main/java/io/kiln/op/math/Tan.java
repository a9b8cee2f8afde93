package io.kiln.op.math;

import io.kiln.ndarray.NDArray;
import io.kiln.op.Dispatch;
import io.kiln.op.UnaryPointwise;
import io.kiln.pointwise.Expr;

/** Tangent, x in radians, element by element: \(y = \tan x\). Shapes: y as x. Dtype: as x; float32 for integers. */
public record Tan() implements UnaryPointwise {
    @Override
    public Expr expression(Expr x) {
        return x.tan();
    }

    @Override
    public NDArray gradient(NDArray dy, NDArray x, NDArray y) {
        return dy.mul(Dispatch.one(new Square(), y).add(1));
    }
}
