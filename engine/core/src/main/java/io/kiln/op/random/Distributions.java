package io.kiln.op.random;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.op.Dispatch;
import io.kiln.op.index.Indexing;
import io.kiln.op.index.SearchSorted;
import io.kiln.op.math.Elementwise;
import io.kiln.op.math.Minimum;
import io.kiln.op.reduce.CumulativeSum;
import io.kiln.op.shape.Movement;
import java.util.Arrays;

/** Random numbers of many distributions, drawn from the {@link RandomGenerator} of the calling thread. */
public final class Distributions {
    private Distributions() {}

    /**
     * Integers distributed evenly: {@link RandomInteger}.
     *
     * @param shape the shape
     * @param low the smallest number
     * @param high the bound, not included
     * @return a new array of int64
     */
    public static NDArray integers(Shape shape, long low, long high) {
        return Dispatch.one(new RandomInteger(shape, low, high));
    }

    /**
     * Exponentially distributed numbers: -s ln(1 - u) with u uniform over [0, 1).
     *
     * @param shape the shape
     * @param scale s, their mean
     * @param dtype a floating type
     * @return a new array
     */
    public static NDArray exponential(Shape shape, double scale, DType dtype) {
        NDArray u = RandomOps.uniform(shape, 0, 1, dtype);
        return Elementwise.log1p(u.neg()).mul(-scale);
    }

    /**
     * Numbers of the Gumbel distribution, -ln(-ln u) with u uniform over (0, 1): added to logits, their largest is a
     * sample of the softmax.
     *
     * @param shape the shape
     * @param dtype a floating type
     * @return a new array
     */
    public static NDArray gumbel(Shape shape, DType dtype) {
        return gumbel(RandomOps.uniform(shape, 0x1p-25, 1, dtype));
    }

    /**
     * Numbers of the Gumbel distribution in the shape and dtype of an array, which may be traced.
     *
     * @param like the array
     * @return a new array
     */
    public static NDArray gumbelLike(NDArray like) {
        return gumbel(RandomOps.uniformLike(like, 0x1p-25, 1));
    }

    private static NDArray gumbel(NDArray u) {
        return u.log().neg().log().neg();
    }

    /**
     * Gamma distributed numbers: {@link RandomGamma} times a scale.
     *
     * @param alpha shape parameters, above 0
     * @param scale the scale
     * @return a new array of the shape of alpha
     */
    public static NDArray gamma(NDArray alpha, double scale) {
        return Dispatch.one(new RandomGamma(), alpha).mul(scale);
    }

    /**
     * Poisson distributed numbers: {@link RandomPoisson}.
     *
     * @param mean their means, at least 0
     * @return a new array of the shape of the means
     */
    public static NDArray poisson(NDArray mean) {
        return Dispatch.one(new RandomPoisson(), mean);
    }

    /**
     * Samples of classes with given weights, with replacement, by where a random share of the sum of the weights falls.
     *
     * @param weights weights of the classes […,K], at least 0, of any sum
     * @param count samples per row
     * @return classes […,count], int64; a class of weight 0 is not drawn
     */
    public static NDArray categorical(NDArray weights, long count) {
        int rank = weights.shape().rank();
        if (rank == 0 || weights.shape().dim(-1) == 0 || count < 0) {
            throw new ShapeException(
                    "categorical: needs weights[…,K] of one class at least and a count of at least 0, got weights"
                            + weights.shape() + " and " + count);
        }
        NDArray sums = Dispatch.one(new CumulativeSum(-1, false, false), weights.cast(DType.FLOAT64));
        NDArray total = sums.slice(-1, -1, Long.MAX_VALUE);
        long[] repeats = new long[rank];
        Arrays.fill(repeats, 1);
        repeats[rank - 1] = count;
        NDArray place =
                RandomOps.uniformLike(Movement.tile(total, repeats), 0, 1).mul(total);
        NDArray drawn = Dispatch.one(new SearchSorted(true), sums, place);
        return Dispatch.one(
                new Minimum(), drawn, weights.factory().scalar(weights.shape().dim(-1) - 1, DType.INT64));
    }

    /**
     * The numbers 0 to n - 1 in random order: {@link RandomPermutation}.
     *
     * @param n how many
     * @return int64 [n]
     */
    public static NDArray permutation(long n) {
        return Dispatch.one(new RandomPermutation(n));
    }

    /**
     * The entries of an axis in random order.
     *
     * @param x the array, the axis of known size
     * @param axis the axis; negative ones count from the end
     * @return a new array
     */
    public static NDArray shuffle(NDArray x, int axis) {
        return Indexing.gather(x, permutation(x.shape().dim(axis)), axis);
    }
}
