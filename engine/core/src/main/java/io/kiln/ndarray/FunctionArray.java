package io.kiln.ndarray;

import io.kiln.op.index.Indexing;
import io.kiln.op.math.Elementwise;
import io.kiln.op.reduce.Reductions;
import io.kiln.op.shape.Movement;

/** Further functions, statistics and orders as methods. */
public abstract sealed class FunctionArray extends PointwiseArray permits FluentArray {
    FunctionArray() {}

    /**
     * The sine, x in radians, element by element.
     *
     * @return a new array
     */
    public NDArray sin() {
        return Elementwise.sin(self());
    }

    /**
     * The cosine, x in radians, element by element.
     *
     * @return a new array
     */
    public NDArray cos() {
        return Elementwise.cos(self());
    }

    /**
     * The tangent, x in radians, element by element.
     *
     * @return a new array
     */
    public NDArray tan() {
        return Elementwise.tan(self());
    }

    /**
     * The next whole number below, element by element.
     *
     * @return a new array
     */
    public NDArray floor() {
        return Elementwise.floor(self());
    }

    /**
     * The next whole number above, element by element.
     *
     * @return a new array
     */
    public NDArray ceil() {
        return Elementwise.ceil(self());
    }

    /**
     * The nearest whole number, ties to even, element by element.
     *
     * @return a new array
     */
    public NDArray round() {
        return Elementwise.round(self());
    }

    /**
     * 1 / x, element by element.
     *
     * @return a new array
     */
    public NDArray reciprocal() {
        return Elementwise.reciprocal(self());
    }

    /**
     * 1 / √x, element by element.
     *
     * @return a new array
     */
    public NDArray rsqrt() {
        return Elementwise.rsqrt(self());
    }

    /**
     * The error function, element by element.
     *
     * @return a new array
     */
    public NDArray erf() {
        return Elementwise.erf(self());
    }

    /**
     * x / (1 + exp(-x)), element by element.
     *
     * @return a new array
     */
    public NDArray silu() {
        return Elementwise.silu(self());
    }

    /**
     * ln(1 + exp(x)), element by element.
     *
     * @return a new array
     */
    public NDArray softplus() {
        return Elementwise.softplus(self());
    }

    /**
     * The Gaussian error linear unit, element by element: x Φ(x).
     *
     * @return a new array
     */
    public NDArray gelu() {
        return Elementwise.gelu(self(), false);
    }

    /**
     * The variance over axes, of the whole population: the sum of squares divided by the number of elements.
     *
     * @param axes the axes, negative ones counted from the end; none for all
     * @return a new array without those axes
     */
    public NDArray variance(int... axes) {
        return Reductions.variance(self(), 0, false, axes);
    }

    /**
     * The standard deviation over axes: the root of the {@link #variance}.
     *
     * @param axes the axes, negative ones counted from the end; none for all
     * @return a new array without those axes
     */
    public NDArray std(int... axes) {
        return Reductions.standardDeviation(self(), 0, false, axes);
    }

    /**
     * The elements in ascending order along an axis.
     *
     * @param axis the axis; negative ones count from the end
     * @return a new array
     */
    public NDArray sort(int axis) {
        return Indexing.sort(self(), axis, false);
    }

    /**
     * The indices that sort an axis in ascending order.
     *
     * @param axis the axis; negative ones count from the end
     * @return indices of int64
     */
    public NDArray argSort(int axis) {
        return Indexing.argSort(self(), axis, false);
    }

    /**
     * Sums of each element and all before it along an axis.
     *
     * @param axis the axis; negative ones count from the end
     * @return a new array
     */
    public NDArray cumsum(int axis) {
        return Reductions.cumulativeSum(self(), axis);
    }

    /**
     * Whether some element differs from 0, over axes.
     *
     * @param axes the axes, negative ones counted from the end; none for all
     * @return an array of bool without those axes
     */
    public NDArray any(int... axes) {
        return Reductions.any(self(), axes);
    }

    /**
     * Whether all elements differ from 0, over axes.
     *
     * @param axes the axes, negative ones counted from the end; none for all
     * @return an array of bool without those axes
     */
    public NDArray all(int... axes) {
        return Reductions.all(self(), axes);
    }

    /**
     * Reverses the order along axes.
     *
     * @param axes the axes, negative ones counted from the end
     * @return a new array
     */
    public NDArray flip(int... axes) {
        return Movement.flip(self(), axes);
    }
}
