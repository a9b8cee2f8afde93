package io.kiln.op.reduce;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.index.SegmentSum;
import io.kiln.op.math.And;
import io.kiln.op.math.Masked;
import io.kiln.op.math.Minimum;

/**
 * Number of elements in each of several bins of equal width over [low, high]; the last bin includes its upper end.
 * Others, and NaN, are not counted. Shapes: x any, y[bins]. Dtype: int64. No gradient flows.
 *
 * @param bins number of bins, at least 1
 * @param low where the first bin begins
 * @param high where the last bin ends, above low
 */
public record Histogram(long bins, double low, double high) implements Operator {
    /** Checks the range. */
    public Histogram {
        if (bins < 1 || !(low < high) || Double.isInfinite(high - low)) {
            throw new IllegalArgumentException(
                    "histogram: bins must be at least 1 and low below high, both finite, got " + bins + ", " + low
                            + " and " + high);
        }
    }

    @Override
    public Spec[] infer(Spec... inputs) {
        return new Spec[] {new Spec(Shape.of(bins), DType.INT64)};
    }

    @Override
    public NDArray[] compose(NDArray... inputs) {
        NDArray x = inputs[0].reshape(inputs[0].size()).cast(DType.FLOAT64);
        NDArray inside = Dispatch.one(new And(), x.ge(low), x.le(high));
        NDArray place = Dispatch.one(new Masked(false), x.sub(low).mul(bins / (high - low)), inside);
        NDArray bin =
                Dispatch.one(new Minimum(), place.cast(DType.INT64), x.factory().scalar(bins - 1, DType.INT64));
        return new NDArray[] {Dispatch.one(new SegmentSum(bins), inside.cast(DType.INT64), bin)};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        return new NDArray[1];
    }
}
