package io.kiln.op;

import io.kiln.ndarray.NDArray;
import io.kiln.pointwise.Expr;

/** Hyperbolic tangent: \(y = \tanh x\). Shapes: y as x. Floating result. */
public record Tanh() implements UnaryPointwise {
    @Override
    public Expr expression(Expr x) {
        return x.tanh();
    }

    @Override
    public NDArray gradient(NDArray dy, NDArray x, NDArray y) {
        return Activation.TANH.gradient(dy, y);
    }
}
