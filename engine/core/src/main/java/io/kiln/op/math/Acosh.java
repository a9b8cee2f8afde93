package io.kiln.op.math;

import io.kiln.ndarray.NDArray;
import io.kiln.op.Dispatch;
import io.kiln.op.UnaryPointwise;
import io.kiln.pointwise.Expr;

/**
 * Inverse hyperbolic cosine, element by element: \(y = \ln(x + \sqrt{x^2 - 1})\) of x from 1 on; NaN below. Shapes: y as x. Dtype: as x; float32 for
 * integers.
 */
public record Acosh() implements UnaryPointwise {
    @Override
    public Expr expression(Expr x) {
        Expr t = x.sub(1);
        Expr near = t.add(t.mul(t.add(2)).sqrt()).log1p();
        Expr far = x.log().add(Math.log(2));
        return x.lt(1).select(Expr.constant(Double.NaN), x.gt(1e9).select(far, near));
    }

    @Override
    public NDArray gradient(NDArray dy, NDArray x, NDArray y) {
        return dy.mul(Dispatch.one(new Rsqrt(), x.sub(1).mul(x.add(1))));
    }
}
