package io.kiln.optim;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.op.math.Elementwise;

/**
 * A number that an update computes, such as a norm: a double where Java reads the array's memory, and an array without axes of
 * float64 on a device, so that nobody waits for it. Both give the same bits.
 *
 * <p>Arrays are those of the calling scope.
 */
public final class Scalar {
    private final double value;
    private final NDArray array;

    private Scalar(double value, NDArray array) {
        this.value = value;
        this.array = array;
    }

    /**
     * A number that is known.
     *
     * @param value the number
     * @return it
     */
    public static Scalar of(double value) {
        return new Scalar(value, null);
    }

    /**
     * The element of an array.
     *
     * @param x an array of one element
     * @return the number, known where Java reads the array without a wait
     */
    public static Scalar of(NDArray x) {
        return x.backend().traits().hostAddressable()
                ? of(x.item())
                : new Scalar(Double.NaN, x.cast(DType.FLOAT64).reshape(Shape.scalar()));
    }

    /**
     * The sum of squares of an array.
     *
     * @param x the array
     * @return \(\sum x_i^2\), summed in the array's dtype
     */
    public static Scalar sumOfSquares(NDArray x) {
        try (NDArray squares = x.mul(x)) {
            return of(squares.sum());
        }
    }

    /** {@return whether Java knows it} */
    public boolean isKnown() {
        return array == null;
    }

    /** {@return the number; waits for it when it is not known} */
    public double value() {
        return array == null ? value : array.item();
    }

    /**
     * The number as an array.
     *
     * @param dtype a floating type, to which it is rounded
     * @param shape how often it is repeated
     * @return a view, of a number that is not known
     */
    NDArray array(DType dtype, Shape shape) {
        return array.cast(dtype).broadcastTo(shape);
    }

    /** The number as an array of float64 without axes, when it is not known. */
    NDArray array() {
        return array;
    }

    private boolean knows(Scalar other) {
        return array == null && other.array == null;
    }

    /** The array of this number, made where another one lies when this one is known. */
    private NDArray beside(Scalar other) {
        return array != null ? array : other.array.factory().scalar(value, DType.FLOAT64);
    }

    private static Scalar late(NDArray array) {
        return new Scalar(Double.NaN, array);
    }

    /**
     * The sum.
     *
     * @param other another number
     * @return this + other
     */
    public Scalar add(Scalar other) {
        return knows(other) ? of(value + other.value) : late(beside(other).add(other.beside(this)));
    }

    /**
     * The product.
     *
     * @param other another number
     * @return this · other
     */
    public Scalar mul(Scalar other) {
        return knows(other) ? of(value * other.value) : late(beside(other).mul(other.beside(this)));
    }

    /**
     * The quotient.
     *
     * @param other another number
     * @return this / other
     */
    public Scalar div(Scalar other) {
        return knows(other) ? of(value / other.value) : late(beside(other).div(other.beside(this)));
    }

    /**
     * The larger.
     *
     * @param other another number
     * @return max(this, other); NaN if one is NaN
     */
    public Scalar max(Scalar other) {
        return knows(other)
                ? of(Math.max(value, other.value))
                : late(beside(other).maximum(other.beside(this)));
    }

    /**
     * The smaller.
     *
     * @param other another number
     * @return min(this, other); NaN if one is NaN
     */
    public Scalar min(Scalar other) {
        return knows(other)
                ? of(Math.min(value, other.value))
                : late(beside(other).minimum(other.beside(this)));
    }

    /** {@return the square root} */
    public Scalar sqrt() {
        return isKnown() ? of(Math.sqrt(value)) : late(array.sqrt());
    }

    /**
     * This number unless another one is 0.
     *
     * @param other another number
     * @param otherwise what takes its place then
     * @return other ≠ 0 ? this : otherwise
     */
    public Scalar unlessZero(Scalar other, double otherwise) {
        if (knows(other)) {
            return other.value == 0 ? of(otherwise) : this;
        }
        NDArray x = beside(other);
        return late(Elementwise.where(other.beside(this).eq(0), x.factory().scalar(otherwise, DType.FLOAT64), x));
    }
}
