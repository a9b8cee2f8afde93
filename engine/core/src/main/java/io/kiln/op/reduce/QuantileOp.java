package io.kiln.op.reduce;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.index.Sort;
import io.kiln.op.internal.CompositeGradient;
import io.kiln.op.math.Where;
import java.util.List;

/**
 * Quantile along an axis: of the n sorted elements, the one at position q (n - 1), interpolated linearly between
 * neighbours (as in NumPy). NaN if one is NaN. Dtype: as x, floating. Reducing no elements is an error.
 *
 * @param q from 0 to 1; 0.5 for the median
 * @param axis the axis; negative ones count from the end
 * @param keepDims whether the axis stays, with size 1
 */
public record QuantileOp(double q, int axis, boolean keepDims) implements Operator {
    /** Checks q. */
    public QuantileOp {
        if (!(q >= 0 && q <= 1)) {
            throw new IllegalArgumentException("quantile: q must be from 0 to 1, got " + q);
        }
    }

    @Override
    public Spec[] infer(Spec... inputs) {
        Shape x = inputs[0].shape();
        if (!inputs[0].dtype().isFloating()) {
            throw new IllegalArgumentException(
                    "quantile: needs a floating dtype, got " + inputs[0] + "; cast it first");
        }
        Shape y = ReductionShape.ofSome(name(), x, List.of((long) x.axis(axis)), keepDims);
        return new Spec[] {new Spec(y, inputs[0].dtype())};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        return CompositeGradient.of(this, c);
    }

    @Override
    public NDArray[] compose(NDArray... inputs) {
        NDArray x = inputs[0];
        long n = x.shape().dim(axis);
        Shape shape = infer(x.spec())[0].shape();
        if (x.size() == 0) {
            return new NDArray[] {x.factory().zeros(shape, x.dtype())};
        }
        NDArray sorted = Dispatch.one(new Sort(axis, false), x);
        double place = q * (n - 1);
        long low = (long) place;
        NDArray a = sorted.slice(axis, low, low + 1);
        NDArray y = a;
        if (place > low) {
            y = a.add(sorted.slice(axis, low + 1, low + 2).sub(a).mul(place - low));
        }
        // NaN is sorted behind all others.
        NDArray last = sorted.slice(axis, n - 1, n);
        return new NDArray[] {Dispatch.one(new Where(), last.isNan(), last, y).reshape(shape)};
    }
}
