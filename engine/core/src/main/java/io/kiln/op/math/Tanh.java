package io.kiln.op.math;

import io.kiln.ndarray.NDArray;
import io.kiln.op.Dispatch;
import io.kiln.op.UnaryPointwise;
import io.kiln.op.internal.TanhGradient;
import io.kiln.pointwise.Expr;

/** Hyperbolic tangent, element by element: \(y = \tanh x\). Shapes: y as x. Dtype: as x; float32 for integers. */
public record Tanh() implements UnaryPointwise {
    @Override
    public Expr expression(Expr x) {
        return x.tanh();
    }

    @Override
    public NDArray gradient(NDArray dy, NDArray x, NDArray y) {
        return Dispatch.one(new TanhGradient(), dy, y);
    }
}
