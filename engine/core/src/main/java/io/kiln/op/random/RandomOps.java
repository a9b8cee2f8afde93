package io.kiln.op.random;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.op.Dispatch;

/** Random numbers, drawn from the {@link RandomGenerator} of the calling thread. */
public final class RandomOps {
    private RandomOps() {}

    /**
     * Numbers distributed uniformly over [low, high).
     *
     * @param shape the shape
     * @param low the smallest number
     * @param high the bound
     * @param dtype a floating type
     * @return a new array
     */
    public static NDArray uniform(Shape shape, double low, double high, DType dtype) {
        return Dispatch.one(new RandomUniform(shape, low, high, dtype));
    }

    /**
     * Numbers distributed uniformly over [low, high), in the shape and dtype of an array, which may be traced.
     *
     * @param like the array
     * @param low the smallest number
     * @param high the bound
     * @return a new array
     */
    public static NDArray uniformLike(NDArray like, double low, double high) {
        return Dispatch.one(new RandomUniform(Shape.scalar(), low, high, like.dtype()), like);
    }

    /**
     * Normally distributed numbers.
     *
     * @param shape the shape
     * @param mean their mean
     * @param deviation their standard deviation
     * @param dtype a floating type
     * @return a new array
     */
    public static NDArray normal(Shape shape, double mean, double deviation, DType dtype) {
        return Dispatch.one(new RandomNormal(shape, mean, deviation, dtype));
    }

    /**
     * Normally distributed numbers, in the shape and dtype of an array, which may be traced.
     *
     * @param like the array
     * @param mean their mean
     * @param deviation their standard deviation
     * @return a new array
     */
    public static NDArray normalLike(NDArray like, double mean, double deviation) {
        return Dispatch.one(new RandomNormal(Shape.scalar(), mean, deviation, like.dtype()), like);
    }

    /**
     * Ones with a given probability, zeros otherwise.
     *
     * @param shape the shape
     * @param p probability of a one
     * @param dtype a floating type
     * @return a new array
     */
    public static NDArray bernoulli(Shape shape, double p, DType dtype) {
        return Dispatch.one(new RandomBernoulli(shape, p, dtype));
    }

    /**
     * Ones with a given probability, zeros otherwise, in the shape and dtype of an array, which may be traced.
     *
     * @param like the array
     * @param p probability of a one
     * @return a new array
     */
    public static NDArray bernoulliLike(NDArray like, double p) {
        return Dispatch.one(new RandomBernoulli(Shape.scalar(), p, like.dtype()), like);
    }
}
