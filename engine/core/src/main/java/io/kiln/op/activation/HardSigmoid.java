package io.kiln.op.activation;

import io.kiln.ndarray.NDArray;
import io.kiln.op.Dispatch;
import io.kiln.op.UnaryPointwise;
import io.kiln.op.math.Masked;
import io.kiln.pointwise.Expr;

/**
 * Piecewise linear sigmoid, element by element: \(y = \min(1, \max(0, a x + b))\). Shapes: y as x. Dtype: as x; float32 for
 * integers.
 *
 * @param slope a; 1/6 in MobileNetV3, 0.2 in MXNet
 * @param shift b; 0.5 in both
 */
public record HardSigmoid(double slope, double shift) implements UnaryPointwise {
    @Override
    public Expr expression(Expr x) {
        return x.mul(slope).add(shift).max(0).min(1);
    }

    @Override
    public NDArray gradient(NDArray dy, NDArray x, NDArray y) {
        NDArray inside = x.mul(slope).add(shift).sub(0.5).abs().lt(0.5);
        return Dispatch.one(new Masked(false), dy.mul(slope), inside);
    }
}
