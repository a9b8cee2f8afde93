package io.kiln.op;

import io.kiln.op.activation.LogSoftmax;
import io.kiln.op.activation.MaskedLogSoftmax;
import io.kiln.op.activation.MaskedSoftmax;
import io.kiln.op.activation.Softmax;
import io.kiln.op.reduce.All;
import io.kiln.op.reduce.Any;
import io.kiln.op.reduce.ArgMax;
import io.kiln.op.reduce.ArgMin;
import io.kiln.op.reduce.CountNonzero;
import io.kiln.op.reduce.CumulativeProduct;
import io.kiln.op.reduce.CumulativeSum;
import io.kiln.op.reduce.LogSumExp;
import io.kiln.op.reduce.Max;
import io.kiln.op.reduce.Mean;
import io.kiln.op.reduce.Min;
import io.kiln.op.reduce.Norm;
import io.kiln.op.reduce.Prod;
import io.kiln.op.reduce.QuantileOp;
import io.kiln.op.reduce.StandardDeviation;
import io.kiln.op.reduce.Sum;
import io.kiln.op.reduce.Variance;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Reductions and running sums along axes, as methods.
 *
 * @param <T> array or symbol
 */
public abstract class ReducedOperand<T extends Operand<T>> extends ArithmeticOperand<T> {
    ReducedOperand() {}

    /**
     * The sum over axes.
     *
     * @param axes the axes, negative ones counted from the end; none for all
     * @return the result, without those axes
     */
    public T sum(int... axes) {
        return sum(false, axes);
    }

    /**
     * The sum over axes.
     *
     * @param keepDims whether the axes stay, with size 1
     * @param axes the axes, negative ones counted from the end; none for all
     * @return the result
     */
    public T sum(boolean keepDims, int... axes) {
        return apply(new Sum(ordered(axes), keepDims));
    }

    /**
     * The mean over axes.
     *
     * @param axes the axes, negative ones counted from the end; none for all
     * @return the result, without those axes
     */
    public T mean(int... axes) {
        return mean(false, axes);
    }

    /**
     * The mean over axes.
     *
     * @param keepDims whether the axes stay, with size 1
     * @param axes the axes, negative ones counted from the end; none for all
     * @return the result
     */
    public T mean(boolean keepDims, int... axes) {
        return apply(new Mean(ordered(axes), keepDims));
    }

    /**
     * The product over axes.
     *
     * @param axes the axes, negative ones counted from the end; none for all
     * @return the result, without those axes
     */
    public T prod(int... axes) {
        return prod(false, axes);
    }

    /**
     * The product over axes.
     *
     * @param keepDims whether the axes stay, with size 1
     * @param axes the axes, negative ones counted from the end; none for all
     * @return the result
     */
    public T prod(boolean keepDims, int... axes) {
        return apply(new Prod(ordered(axes), keepDims));
    }

    /**
     * The largest element over axes.
     *
     * @param axes the axes, negative ones counted from the end; none for all
     * @return the result, without those axes
     */
    public T max(int... axes) {
        return max(false, axes);
    }

    /**
     * The largest element over axes.
     *
     * @param keepDims whether the axes stay, with size 1
     * @param axes the axes, negative ones counted from the end; none for all
     * @return the result
     */
    public T max(boolean keepDims, int... axes) {
        return apply(new Max(ordered(axes), keepDims));
    }

    /**
     * The smallest element over axes.
     *
     * @param axes the axes, negative ones counted from the end; none for all
     * @return the result, without those axes
     */
    public T min(int... axes) {
        return min(false, axes);
    }

    /**
     * The smallest element over axes.
     *
     * @param keepDims whether the axes stay, with size 1
     * @param axes the axes, negative ones counted from the end; none for all
     * @return the result
     */
    public T min(boolean keepDims, int... axes) {
        return apply(new Min(ordered(axes), keepDims));
    }

    /**
     * The logarithm of the sum of exponentials over axes.
     *
     * @param axes the axes, negative ones counted from the end; none for all
     * @return the result, without those axes
     */
    public T logSumExp(int... axes) {
        return logSumExp(false, axes);
    }

    /**
     * The logarithm of the sum of exponentials over axes.
     *
     * @param keepDims whether the axes stay, with size 1
     * @param axes the axes, negative ones counted from the end; none for all
     * @return the result
     */
    public T logSumExp(boolean keepDims, int... axes) {
        return apply(new LogSumExp(ordered(axes), keepDims));
    }

    /**
     * The variance over axes, of the whole population: squares are divided by the number of elements.
     *
     * @param axes the axes, negative ones counted from the end; none for all
     * @return the result, without those axes
     */
    public T variance(int... axes) {
        return variance(0, false, axes);
    }

    /**
     * The variance over axes.
     *
     * @param correction what is subtracted from the number of elements; 1 for a sample
     * @param keepDims whether the axes stay, with size 1
     * @param axes the axes, negative ones counted from the end; none for all
     * @return the result
     */
    public T variance(long correction, boolean keepDims, int... axes) {
        return apply(new Variance(ordered(axes), keepDims, correction));
    }

    /**
     * The standard deviation over axes, of the whole population: squares are divided by the number of elements.
     *
     * @param axes the axes, negative ones counted from the end; none for all
     * @return the result, without those axes
     */
    public T std(int... axes) {
        return std(0, false, axes);
    }

    /**
     * The standard deviation over axes.
     *
     * @param correction what is subtracted from the number of elements; 1 for a sample
     * @param keepDims whether the axes stay, with size 1
     * @param axes the axes, negative ones counted from the end; none for all
     * @return the result
     */
    public T std(long correction, boolean keepDims, int... axes) {
        return apply(new StandardDeviation(ordered(axes), keepDims, correction));
    }

    /**
     * The p-norm over axes.
     *
     * @param p any number, 0 and infinities included
     * @param keepDims whether the axes stay, with size 1
     * @param axes the axes, negative ones counted from the end; none for all
     * @return the result
     */
    public T norm(double p, boolean keepDims, int... axes) {
        return apply(new Norm(p, ordered(axes), keepDims));
    }

    /**
     * Whether some element differs from 0 over axes.
     *
     * @param axes the axes, negative ones counted from the end; none for all
     * @return elements of bool, without those axes
     */
    public T any(int... axes) {
        return apply(new Any(ordered(axes), false));
    }

    /**
     * Whether all elements differ from 0 over axes.
     *
     * @param axes the axes, negative ones counted from the end; none for all
     * @return elements of bool, without those axes
     */
    public T all(int... axes) {
        return apply(new All(ordered(axes), false));
    }

    /**
     * The number of elements that differ from 0, over axes.
     *
     * @param axes the axes, negative ones counted from the end; none for all
     * @return counts of int64, without those axes
     */
    public T countNonzero(int... axes) {
        return apply(new CountNonzero(ordered(axes), false));
    }

    /**
     * The index of the largest element along an axis; the first of equals.
     *
     * @param axis the axis; negative ones count from the end
     * @return indices of int64, without that axis
     */
    public T argMax(int axis) {
        return apply(new ArgMax(axis, false));
    }

    /**
     * The index of the smallest element along an axis; the first of equals.
     *
     * @param axis the axis; negative ones count from the end
     * @return indices of int64, without that axis
     */
    public T argMin(int axis) {
        return apply(new ArgMin(axis, false));
    }

    /**
     * The number below which a part of an axis lies, interpolated between neighbours.
     *
     * @param q which part, from 0 to 1
     * @param axis the axis; negative ones count from the end
     * @return the result, without that axis
     */
    public T quantile(double q, int axis) {
        return apply(new QuantileOp(q, axis, false));
    }

    /**
     * The median along an axis; of an even number of elements the mean of the two in the middle.
     *
     * @param axis the axis; negative ones count from the end
     * @return the result, without that axis
     */
    public T median(int axis) {
        return quantile(0.5, axis);
    }

    /**
     * Sums of each element and all before it along an axis.
     *
     * @param axis the axis; negative ones count from the end
     * @return the result, of the same shape
     */
    public T cumsum(int axis) {
        return apply(new CumulativeSum(axis, false, false));
    }

    /**
     * Products of each element and all before it along an axis.
     *
     * @param axis the axis; negative ones count from the end
     * @return the result, of the same shape
     */
    public T cumprod(int axis) {
        return apply(new CumulativeProduct(axis));
    }

    /**
     * Softmax along an axis.
     *
     * @param axis the axis; negative ones count from the end
     * @return probabilities, of the same shape
     */
    public T softmax(int axis) {
        return apply(new Softmax(axis));
    }

    /**
     * The logarithm of the softmax along an axis.
     *
     * @param axis the axis; negative ones count from the end
     * @return logarithms of probabilities, of the same shape
     */
    public T logSoftmax(int axis) {
        return apply(new LogSoftmax(axis));
    }

    /**
     * Softmax along an axis over the elements selected by a mask; 0 elsewhere.
     *
     * @param mask where it differs from 0 elements take part; broadcasts to this shape
     * @param axis the axis; negative ones count from the end
     * @return probabilities, of the same shape
     */
    public T maskedSoftmax(T mask, int axis) {
        return apply(new MaskedSoftmax(axis), mask);
    }

    /**
     * The logarithm of {@link #maskedSoftmax}.
     *
     * @param mask where it differs from 0 elements take part; broadcasts to this shape
     * @param axis the axis; negative ones count from the end
     * @return logarithms of probabilities, of the same shape
     */
    public T maskedLogSoftmax(T mask, int axis) {
        return apply(new MaskedLogSoftmax(axis), mask);
    }

    private List<Long> ordered(int... axes) {
        return IntStream.of(axes)
                .map(this::axis)
                .sorted()
                .mapToObj(a -> (long) a)
                .toList();
    }
}
