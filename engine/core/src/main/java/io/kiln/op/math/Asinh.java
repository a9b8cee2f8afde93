package io.kiln.op.math;

import io.kiln.ndarray.NDArray;
import io.kiln.op.Dispatch;
import io.kiln.op.UnaryPointwise;
import io.kiln.pointwise.Expr;

/**
 * Inverse hyperbolic sine, element by element: \(y = \ln(x + \sqrt{x^2 + 1})\). Shapes: y as x. Dtype: as x; float32 for
 * integers.
 */
public record Asinh() implements UnaryPointwise {
    @Override
    public Expr expression(Expr x) {
        Expr a = x.abs();
        Expr square = a.mul(a);
        Expr near = a.add(square.div(square.add(1).sqrt().add(1))).log1p();
        Expr far = a.log().add(Math.log(2));
        return x.sign().mul(a.gt(1e9).select(far, near));
    }

    @Override
    public NDArray gradient(NDArray dy, NDArray x, NDArray y) {
        return dy.mul(Dispatch.one(new Rsqrt(), x.square().add(1)));
    }
}
