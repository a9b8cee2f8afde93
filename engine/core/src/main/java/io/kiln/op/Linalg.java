package io.kiln.op;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.ShapeException;

/** Products of matrices and vectors. */
public final class Linalg {
    private Linalg() {}

    /**
     * The matrix product over the last two axes: {@link MatMul}.
     *
     * @param a the left operand
     * @param b the right operand
     * @return a new array
     */
    public static NDArray matmul(NDArray a, NDArray b) {
        return Dispatch.one(new MatMul(), a, b);
    }

    /**
     * The inner product of two vectors.
     *
     * @param a a vector
     * @param b a vector of the same length
     * @return a new array
     */
    public static NDArray dot(NDArray a, NDArray b) {
        if (a.shape().rank() != 1 || !a.shape().equals(b.shape())) {
            throw new ShapeException("dot: needs two vectors of one length, got a" + a.shape() + " and b" + b.shape());
        }
        return a.mul(b).sum();
    }

    /**
     * The outer product of two vectors, of shape [m,n].
     *
     * @param a a vector of length m
     * @param b a vector of length n
     * @return a new array
     */
    public static NDArray outer(NDArray a, NDArray b) {
        if (a.shape().rank() != 1 || b.shape().rank() != 1) {
            throw new ShapeException("outer: needs two vectors, got a" + a.shape() + " and b" + b.shape());
        }
        return Dispatch.one(new ExpandDims(1), a).mul(b);
    }

    /**
     * Exchanges the last two axes; a view.
     *
     * @param x matrices
     * @return a new array
     */
    public static NDArray swap(NDArray x) {
        return MatMul.swap(x);
    }
}
