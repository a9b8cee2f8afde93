package io.kiln.op.activation;

import io.kiln.ndarray.NDArray;
import io.kiln.op.Dispatch;
import io.kiln.op.UnaryPointwise;
import io.kiln.op.math.Elementwise;
import io.kiln.op.math.Tanh;
import io.kiln.pointwise.Expr;

/**
 * Mish, element by element: \(y = x \tanh(\ln(1 + e^x))\) (Misra, 2019); 0 at minus infinity. Shapes: y as x. Dtype: as x; float32 for
 * integers.
 */
public record Mish() implements UnaryPointwise {
    @Override
    public Expr expression(Expr x) {
        // tanh(ln(1 + e^x)) = ((1 + e^x)² - 1)/((1 + e^x)² + 1), by the exponential that does not overflow.
        Expr e = x.abs().neg().exp();
        Expr low = e.mul(e.add(2));
        Expr high = e.mul(2).add(1);
        Expr slope =
                x.lt(0).select(low.div(low.add(2)), high.div(e.mul(e).mul(2).add(high)));
        return x.max(-1000).mul(slope);
    }

    @Override
    public NDArray gradient(NDArray dy, NDArray x, NDArray y) {
        NDArray t = Dispatch.one(new Tanh(), Dispatch.one(new Softplus(), x));
        NDArray bend = Elementwise.sub(1, t.square()).mul(Dispatch.one(new Sigmoid(), x));
        return dy.mul(t.add(x.mul(bend)));
    }
}
