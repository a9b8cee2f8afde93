package io.kiln.op.math;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.op.Dispatch;
import io.kiln.op.UnaryPointwise;
import io.kiln.pointwise.Expr;

/**
 * Replaces NaN and infinities by numbers, element by element. Shapes: y as x. Dtype: as x. The gradient passes where x
 * is finite.
 *
 * @param nan instead of NaN
 * @param above instead of infinity
 * @param below instead of minus infinity
 */
public record NanToNum(double nan, double above, double below) implements UnaryPointwise {
    @Override
    public Expr expression(Expr x) {
        Expr finite = x.isFinite().select(x, x.gt(0).select(Expr.constant(above), Expr.constant(below)));
        return x.isNan().select(Expr.constant(nan), finite);
    }

    @Override
    public DType result(DType promoted) {
        return promoted;
    }

    @Override
    public NDArray gradient(NDArray dy, NDArray x, NDArray y) {
        return Dispatch.one(new Masked(false), dy, x.isFinite());
    }
}
