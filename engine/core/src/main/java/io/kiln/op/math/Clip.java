package io.kiln.op.math;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.op.Dispatch;
import io.kiln.op.UnaryPointwise;
import io.kiln.op.internal.ClipGradient;
import io.kiln.pointwise.Expr;

/**
 * Limits every element to a range: \(y = \min(\max(x, min), max)\); NaN stays. Shapes: y as x. Dtype: as x; float32 when x is
 * an integer and a finite bound is not. The gradient passes where min &le; x &le; max, or everywhere with straightThrough.
 *
 * @param min the lower bound, may be -infinity
 * @param max the upper bound, may be infinity
 * @param straightThrough whether the gradient passes as if y were x
 */
public record Clip(double min, double max, boolean straightThrough) implements UnaryPointwise {
    /** Checks the bounds. */
    public Clip {
        if (!(min <= max)) {
            throw new IllegalArgumentException("clip: needs min <= max, got min " + min + " and max " + max);
        }
    }

    @Override
    public Expr expression(Expr x) {
        Expr y = min == Double.NEGATIVE_INFINITY ? x : x.max(min);
        return max == Double.POSITIVE_INFINITY ? y : y.min(max);
    }

    @Override
    public DType result(DType promoted) {
        boolean fraction =
                Double.isFinite(min) && min != Math.rint(min) || Double.isFinite(max) && max != Math.rint(max);
        return promoted.isFloating() || !fraction ? promoted : DType.FLOAT32;
    }

    @Override
    public NDArray gradient(NDArray dy, NDArray x, NDArray y) {
        return straightThrough ? dy : Dispatch.one(new ClipGradient(min, max), dy, x);
    }
}
