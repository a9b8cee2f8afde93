package io.kiln.op.linalg;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.op.Dispatch;
import io.kiln.op.shape.Diagonal;
import io.kiln.op.shape.ExpandDims;
import io.kiln.op.shape.Movement;
import io.kiln.op.shape.Transpose;
import java.util.ArrayList;
import java.util.List;

/** Products of matrices and vectors. */
public final class Linalg {
    private Linalg() {}

    /**
     * The matrix product over the last two axes: {@link MatMul}. As in NumPy a vector on the left is a row, one on the
     * right a column, and the added axis is removed again: [k]·[…,k,n] gives […,n], […,m,k]·[k] gives […,m], [k]·[k] a
     * scalar.
     *
     * @param a the left operand
     * @param b the right operand
     * @return a new array
     */
    public static NDArray matmul(NDArray a, NDArray b) {
        boolean row = a.shape().rank() == 1;
        boolean column = b.shape().rank() == 1;
        if (!row && !column) {
            return Dispatch.one(new MatMul(), a, b);
        }
        NDArray y = Dispatch.one(new MatMul(), row ? a.expandDims(0) : a, column ? b.expandDims(-1) : b);
        y = column ? Movement.squeeze(y, -1) : y;
        return row ? Movement.squeeze(y, column ? -1 : -2) : y;
    }

    /**
     * The Kronecker product: each element of a times all of b, as NumPy's kron; an operand with fewer axes gets leading
     * axes of size 1.
     *
     * @param a the left operand
     * @param b the right operand
     * @return a new array whose sizes are the products of theirs
     */
    public static NDArray kron(NDArray a, NDArray b) {
        int rank = Math.max(a.shape().rank(), b.shape().rank());
        long[] left = new long[2 * rank];
        long[] right = new long[2 * rank];
        long[] sizes = new long[rank];
        for (int i = 0; i < rank; i++) {
            int ia = i - rank + a.shape().rank();
            int ib = i - rank + b.shape().rank();
            left[2 * i] = ia < 0 ? 1 : a.shape().dim(ia);
            left[2 * i + 1] = 1;
            right[2 * i] = 1;
            right[2 * i + 1] = ib < 0 ? 1 : b.shape().dim(ib);
            sizes[i] = Math.multiplyExact(left[2 * i], right[2 * i + 1]);
        }
        return a.reshape(Shape.of(left)).mul(b.reshape(Shape.of(right))).reshape(Shape.of(sizes));
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
     * Swaps the last two axes; a view.
     *
     * @param x matrices
     * @return a new array
     */
    public static NDArray matrixTranspose(NDArray x) {
        int rank = x.shape().rank();
        List<Long> axes = new ArrayList<>();
        for (long i = 0; i < rank - 2; i++) {
            axes.add(i);
        }
        axes.add(rank - 1L);
        axes.add(rank - 2L);
        return Dispatch.one(new Transpose(List.copyOf(axes)), x);
    }

    /**
     * Sum of products by Einstein's convention, such as {@code einsum("bij,bjk->bik", a, b)}: {@link Einsum}.
     *
     * @param equation the subscripts
     * @param operands one array per subscript
     * @return a new array
     */
    public static NDArray einsum(String equation, NDArray... operands) {
        return Dispatch.one(new Einsum(equation), operands);
    }

    /**
     * The Kronecker product of matrices, column by column: {@link KhatriRao}.
     *
     * @param matrices one or more arrays [m,K] with the same number of columns
     * @return a new array [m₁ m₂ …, K]
     */
    public static NDArray khatriRao(NDArray... matrices) {
        return Dispatch.one(new KhatriRao(), matrices);
    }

    /**
     * Sums of the main diagonals of matrices.
     *
     * @param x matrices […,m,n]
     * @return a new array
     */
    public static NDArray trace(NDArray x) {
        return Dispatch.one(new Diagonal(0), x).sum(-1);
    }

    /**
     * The lower triangular factor of positive definite matrices: {@link Cholesky}.
     *
     * @param a matrices […,n,n]
     * @return a new array
     */
    public static NDArray cholesky(NDArray a) {
        return Dispatch.one(new Cholesky(), a);
    }

    /**
     * Solves a x = b for triangular a: {@link TriangularSolve}.
     *
     * @param a matrices […,n,n]
     * @param b right sides […,n,k]
     * @param lower whether the lower triangle of a counts
     * @return a new array
     */
    public static NDArray triangularSolve(NDArray a, NDArray b, boolean lower) {
        return Dispatch.one(new TriangularSolve(lower, false), a, b);
    }

    /**
     * Solves a x = b: {@link Solve}.
     *
     * @param a matrices […,n,n]
     * @param b right sides […,n,k]
     * @return a new array
     */
    public static NDArray solve(NDArray a, NDArray b) {
        return Dispatch.one(new Solve(), a, b);
    }

    /**
     * Inverse matrices: {@link Inverse}.
     *
     * @param a matrices […,n,n]
     * @return a new array
     */
    public static NDArray inverse(NDArray a) {
        return Dispatch.one(new Inverse(), a);
    }

    /**
     * Determinants: {@link Determinant}.
     *
     * @param a matrices […,n,n]
     * @return a new array
     */
    public static NDArray det(NDArray a) {
        return Dispatch.one(new Determinant(), a);
    }

    /**
     * Logarithms of the magnitudes of determinants: {@link LogDeterminant}.
     *
     * @param a matrices […,n,n]
     * @return logarithms and signs
     */
    public static NDArray[] logDeterminant(NDArray a) {
        return Dispatch.run(new LogDeterminant(), a);
    }

    /**
     * Orthonormal and upper triangular factors: {@link Qr}.
     *
     * @param a matrices […,m,n]
     * @return q and r
     */
    public static NDArray[] qr(NDArray a) {
        return Dispatch.run(new Qr(), a);
    }

    /**
     * Singular values and vectors: {@link Svd}.
     *
     * @param a matrices […,m,n]
     * @return u, s and v
     */
    public static NDArray[] svd(NDArray a) {
        return Dispatch.run(new Svd(), a);
    }

    /**
     * Eigenvalues and eigenvectors of symmetric matrices: {@link SymmetricEigen}.
     *
     * @param a matrices […,n,n]
     * @return eigenvalues, rising, and vectors in the columns
     */
    public static NDArray[] eigh(NDArray a) {
        return Dispatch.run(new SymmetricEigen(), a);
    }
}
