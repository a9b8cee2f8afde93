package io.kiln.op.math;

import io.kiln.ndarray.NDArray;
import io.kiln.op.Dispatch;
import io.kiln.op.UnaryPointwise;
import io.kiln.pointwise.Expr;

/**
 * Error function, element by element: \(y = \frac{2}{\sqrt\pi} \int_0^x e^{-t^2} dt\). Shapes: y as x. Dtype: as x;
 * float32 for integers.
 */
public record Erf() implements UnaryPointwise {
    @Override
    public Expr expression(Expr x) {
        return x.erf();
    }

    @Override
    public NDArray gradient(NDArray dy, NDArray x, NDArray y) {
        return dy.mul(Dispatch.one(new Exp(), Dispatch.one(new Square(), x).neg()))
                .mul(2 / Math.sqrt(Math.PI));
    }
}
