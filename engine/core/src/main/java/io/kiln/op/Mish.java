package io.kiln.op;

import io.kiln.ndarray.NDArray;
import io.kiln.pointwise.Expr;

/**
 * Mish, element by element: \(y = x \tanh(\ln(1 + e^x))\) (Misra, 2019); 0 at minus infinity. Shapes: y as x. Dtype: as x; float32 for
 * integers.
 */
public record Mish() implements UnaryPointwise {
    @Override
    public Expr expression(Expr x) {
        Expr bounded = x.max(-700);
        return bounded.mul(softplus(x).tanh());
    }

    @Override
    public NDArray gradient(NDArray dy, NDArray x, NDArray y) {
        NDArray t = Dispatch.one(new Tanh(), Dispatch.one(new Softplus(), x));
        NDArray bend = Elementwise.sub(1, t.square()).mul(Dispatch.one(new Sigmoid(), x));
        return dy.mul(t.add(x.mul(bend)));
    }

    private static Expr softplus(Expr x) {
        return x.max(0).add(x.abs().neg().exp().log1p());
    }
}
