package io.kiln.op.reduce;

import io.kiln.ndarray.NDArray;
import io.kiln.op.Dispatch;
import io.kiln.op.math.Functions;
import io.kiln.op.shape.Movement;
import java.util.List;
import java.util.stream.IntStream;

/** Operators that reduce axes, and running sums. */
public final class Reductions {
    private Reductions() {}

    /**
     * The sum over axes.
     *
     * @param x the array
     * @param axes the axes, negative ones counted from the end; none for all
     * @return a new array
     */
    public static NDArray sum(NDArray x, int... axes) {
        return sum(x, false, axes);
    }

    /**
     * The sum over axes.
     *
     * @param x the array
     * @param keepDims whether the axes stay, with size 1
     * @param axes the axes, negative ones counted from the end; none for all
     * @return a new array
     */
    public static NDArray sum(NDArray x, boolean keepDims, int... axes) {
        return Dispatch.one(new Sum(axes(x, axes), keepDims), x);
    }

    /**
     * The mean over axes.
     *
     * @param x the array
     * @param axes the axes, negative ones counted from the end; none for all
     * @return a new array
     */
    public static NDArray mean(NDArray x, int... axes) {
        return mean(x, false, axes);
    }

    /**
     * The mean over axes.
     *
     * @param x the array
     * @param keepDims whether the axes stay, with size 1
     * @param axes the axes, negative ones counted from the end; none for all
     * @return a new array
     */
    public static NDArray mean(NDArray x, boolean keepDims, int... axes) {
        return Dispatch.one(new Mean(axes(x, axes), keepDims), x);
    }

    /**
     * The largest element over axes.
     *
     * @param x the array
     * @param axes the axes, negative ones counted from the end; none for all
     * @return a new array
     */
    public static NDArray max(NDArray x, int... axes) {
        return max(x, false, axes);
    }

    /**
     * The largest element over axes.
     *
     * @param x the array
     * @param keepDims whether the axes stay, with size 1
     * @param axes the axes, negative ones counted from the end; none for all
     * @return a new array
     */
    public static NDArray max(NDArray x, boolean keepDims, int... axes) {
        return Dispatch.one(new Max(axes(x, axes), keepDims), x);
    }

    /**
     * The smallest element over axes.
     *
     * @param x the array
     * @param axes the axes, negative ones counted from the end; none for all
     * @return a new array
     */
    public static NDArray min(NDArray x, int... axes) {
        return min(x, false, axes);
    }

    /**
     * The smallest element over axes.
     *
     * @param x the array
     * @param keepDims whether the axes stay, with size 1
     * @param axes the axes, negative ones counted from the end; none for all
     * @return a new array
     */
    public static NDArray min(NDArray x, boolean keepDims, int... axes) {
        return Dispatch.one(new Min(axes(x, axes), keepDims), x);
    }

    /**
     * The product over axes.
     *
     * @param x the array
     * @param axes the axes, negative ones counted from the end; none for all
     * @return a new array
     */
    public static NDArray prod(NDArray x, int... axes) {
        return prod(x, false, axes);
    }

    /**
     * The product over axes.
     *
     * @param x the array
     * @param keepDims whether the axes stay, with size 1
     * @param axes the axes, negative ones counted from the end; none for all
     * @return a new array
     */
    public static NDArray prod(NDArray x, boolean keepDims, int... axes) {
        return Dispatch.one(new Prod(axes(x, axes), keepDims), x);
    }

    /**
     * {@link LogSumExp} over axes.
     *
     * @param x the array
     * @param axes the axes, negative ones counted from the end; none for all
     * @return a new array
     */
    public static NDArray logSumExp(NDArray x, int... axes) {
        return logSumExp(x, false, axes);
    }

    /**
     * {@link LogSumExp} over axes.
     *
     * @param x the array
     * @param keepDims whether the axes stay, with size 1
     * @param axes the axes, negative ones counted from the end; none for all
     * @return a new array
     */
    public static NDArray logSumExp(NDArray x, boolean keepDims, int... axes) {
        return Dispatch.one(new LogSumExp(axes(x, axes), keepDims), x);
    }

    /**
     * {@link Norm} over axes.
     *
     * @param x the array
     * @param p any number, 0 and infinities included
     * @param keepDims whether the axes stay, with size 1
     * @param axes the axes, negative ones counted from the end; none for all
     * @return a new array
     */
    public static NDArray norm(NDArray x, double p, boolean keepDims, int... axes) {
        return Dispatch.one(new Norm(p, axes(x, axes), keepDims), x);
    }

    /**
     * {@link Variance} over axes.
     *
     * @param x the array
     * @param correction what is subtracted from the number of elements
     * @param keepDims whether the axes stay, with size 1
     * @param axes the axes, negative ones counted from the end; none for all
     * @return a new array
     */
    public static NDArray variance(NDArray x, long correction, boolean keepDims, int... axes) {
        return Dispatch.one(new Variance(axes(x, axes), keepDims, correction), x);
    }

    /**
     * Index of the largest element along an axis.
     *
     * @param x the array
     * @param axis the axis; negative ones count from the end
     * @return a new array
     */
    public static NDArray argMax(NDArray x, int axis) {
        return Dispatch.one(new ArgMax(axis, false), x);
    }

    /**
     * Index of the smallest element along an axis.
     *
     * @param x the array
     * @param axis the axis; negative ones count from the end
     * @return a new array
     */
    public static NDArray argMin(NDArray x, int axis) {
        return Dispatch.one(new ArgMin(axis, false), x);
    }

    /**
     * The running sum along an axis.
     *
     * @param x the array
     * @param axis the axis; negative ones count from the end
     * @return a new array
     */
    public static NDArray cumsum(NDArray x, int axis) {
        return cumsum(x, axis, false, false);
    }

    /**
     * The running sum along an axis.
     *
     * @param x the array
     * @param axis the axis; negative ones count from the end
     * @param exclusive whether element i itself is left out
     * @param reverse whether to sum from the end
     * @return a new array
     */
    public static NDArray cumsum(NDArray x, int axis, boolean exclusive, boolean reverse) {
        return Dispatch.one(new CumulativeSum(axis, exclusive, reverse), x);
    }

    /**
     * Whether at least one element differs from 0: {@link Any}.
     *
     * @param x the array
     * @param axes the axes, negative ones counted from the end; none for all
     * @return a new array
     */
    public static NDArray any(NDArray x, int... axes) {
        return Dispatch.one(new Any(axes(x, axes), false), x);
    }

    /**
     * Whether all elements differ from 0: {@link All}.
     *
     * @param x the array
     * @param axes the axes, negative ones counted from the end; none for all
     * @return a new array
     */
    public static NDArray all(NDArray x, int... axes) {
        return Dispatch.one(new All(axes(x, axes), false), x);
    }

    /**
     * The number of elements that differ from 0: {@link CountNonzero}.
     *
     * @param x the array
     * @param axes the axes, negative ones counted from the end; none for all
     * @return a new array
     */
    public static NDArray countNonzero(NDArray x, int... axes) {
        return Dispatch.one(new CountNonzero(axes(x, axes), false), x);
    }

    /**
     * {@link StandardDeviation} over axes.
     *
     * @param x the array
     * @param correction what is subtracted from the number of elements
     * @param keepDims whether the axes stay, with size 1
     * @param axes the axes, negative ones counted from the end; none for all
     * @return a new array
     */
    public static NDArray std(NDArray x, long correction, boolean keepDims, int... axes) {
        return Dispatch.one(new StandardDeviation(axes(x, axes), keepDims, correction), x);
    }

    /**
     * {@link QuantileOp} along an axis.
     *
     * @param x the array
     * @param q from 0 to 1
     * @param axis the axis; negative ones count from the end
     * @return a new array
     */
    public static NDArray quantile(NDArray x, double q, int axis) {
        return Dispatch.one(new QuantileOp(q, axis, false), x);
    }

    /**
     * The median along an axis, the mean of the two in the middle of an even number: {@link QuantileOp}.
     *
     * @param x the array
     * @param axis the axis; negative ones count from the end
     * @return a new array
     */
    public static NDArray median(NDArray x, int axis) {
        return quantile(x, 0.5, axis);
    }

    /**
     * The running product along an axis: {@link CumulativeProduct}.
     *
     * @param x the array
     * @param axis the axis; negative ones count from the end
     * @return a new array
     */
    public static NDArray cumprod(NDArray x, int axis) {
        return Dispatch.one(new CumulativeProduct(axis), x);
    }

    /**
     * The running product along an axis.
     *
     * @param x the array
     * @param axis the axis; negative ones count from the end
     * @param exclusive whether element i itself is left out; the first product is 1
     * @param reverse whether to multiply from the end
     * @return a new array
     */
    public static NDArray cumprod(NDArray x, int axis, boolean exclusive, boolean reverse) {
        NDArray forward = reverse ? Movement.flip(x, axis) : x;
        NDArray products = cumprod(exclusive ? shifted(forward, axis, 1, 1) : forward, axis);
        return reverse ? Movement.flip(products, axis) : products;
    }

    /**
     * The running logarithm of the sum of exponentials along an axis: \(y_i = \ln \sum_{j \le i} e^{x_j}\), by
     * \(\lceil \log_2 n \rceil\) steps that each add sums of twice as many elements, so that nothing over- or underflows
     * (Hillis and Steele, 1986).
     *
     * @param x the array, floating
     * @param axis the axis; negative ones count from the end
     * @return a new array of the shape and dtype of x
     */
    public static NDArray logcumsumexp(NDArray x, int axis) {
        NDArray y = x;
        for (long width = 1; width < x.shape().dim(x.shape().axis(axis)); width *= 2) {
            y = Functions.logAddExp(y, shifted(y, axis, width, Double.NEGATIVE_INFINITY));
        }
        return y;
    }

    /** Shifts elements up along an axis; a value fills the first ones. */
    private static NDArray shifted(NDArray x, int axis, long by, double value) {
        int a = x.shape().axis(axis);
        long n = x.shape().dim(a);
        long count = Math.min(by, n);
        long[] before = new long[x.shape().rank()];
        before[a] = count;
        return Movement.pad(x.slice(a, 0, n - count), before, new long[before.length], value);
    }

    /**
     * The running maximum along an axis: {@link CumulativeMax}.
     *
     * @param x the array
     * @param axis the axis; negative ones count from the end
     * @return values and their indices
     */
    public static NDArray[] cummax(NDArray x, int axis) {
        return Dispatch.run(new CumulativeMax(axis), x);
    }

    /**
     * The running minimum along an axis: {@link CumulativeMin}.
     *
     * @param x the array
     * @param axis the axis; negative ones count from the end
     * @return values and their indices
     */
    public static NDArray[] cummin(NDArray x, int axis) {
        return Dispatch.run(new CumulativeMin(axis), x);
    }

    private static List<Long> axes(NDArray x, int... axes) {
        return IntStream.of(axes)
                .map(x.shape()::axis)
                .sorted()
                .distinct()
                .mapToObj(a -> (long) a)
                .toList();
    }
}
