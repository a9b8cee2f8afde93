package io.kiln.op.activation;

import io.kiln.ndarray.NDArray;
import io.kiln.op.Creation;
import io.kiln.op.Dispatch;
import io.kiln.op.UnaryPointwise;
import io.kiln.op.math.Masked;
import io.kiln.op.math.Where;
import io.kiln.pointwise.Expr;

/**
 * Piecewise form of the swish: \(y = x \min(6, \max(0, x + 3))/6\) (Howard et al., MobileNetV3, ICCV 2019); 0 at minus
 * infinity. Shapes: y as x. Dtype: as x; float32 for
 * integers.
 */
public record HardSwish() implements UnaryPointwise {
    @Override
    public Expr expression(Expr x) {
        return x.add(3).max(0).min(6).mul(x.max(-3)).mul(1.0 / 6);
    }

    @Override
    public NDArray gradient(NDArray dy, NDArray x, NDArray y) {
        NDArray middle = x.mul(1.0 / 3).add(0.5);
        NDArray slope = Dispatch.one(new Where(), x.gt(3), Creation.onesLike(x), middle);
        return Dispatch.one(new Masked(false), dy.mul(slope), x.gt(-3));
    }
}
