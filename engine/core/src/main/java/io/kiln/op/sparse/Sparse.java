package io.kiln.op.sparse;

import io.kiln.ndarray.Csr;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.ShapeException;
import io.kiln.op.Dispatch;
import io.kiln.op.linalg.Linalg;

/** Products of sparse matrices with dense ones. */
public final class Sparse {
    private Sparse() {}

    /**
     * A sparse matrix times a dense one: {@link CsrDot}.
     *
     * @param a a sparse matrix [m,n]
     * @param b a dense matrix [n,k]
     * @return a new array [m,k]
     */
    public static NDArray dot(Csr a, NDArray b) {
        return product(a, b, false);
    }

    /**
     * The transpose of a sparse matrix times a dense one: {@link CsrDot}.
     *
     * @param a a sparse matrix [m,n]
     * @param b a dense matrix [m,k]
     * @return a new array [n,k]
     */
    public static NDArray dotTransposed(Csr a, NDArray b) {
        return product(a, b, true);
    }

    /**
     * A dense matrix times a sparse one: {@link CsrDot} of the transposes.
     *
     * @param a a dense matrix [k,m]
     * @param b a sparse matrix [m,n]
     * @return a new array [k,n]
     */
    public static NDArray dot(NDArray a, Csr b) {
        if (a.shape().rank() != 2) {
            throw new ShapeException("dot: a dense matrix is needed beside " + b + ", got shape " + a.shape());
        }
        return Linalg.matrixTranspose(product(b, Linalg.matrixTranspose(a), true));
    }

    private static NDArray product(Csr a, NDArray b, boolean transposed) {
        CsrDot dot = new CsrDot(a.shape().dim(0), a.shape().dim(1), transposed);
        return Dispatch.one(dot, a.indptr(), a.indices(), a.values(), b);
    }

    /**
     * The dense form of a sparse matrix: {@link CsrToDense}.
     *
     * @param a a sparse matrix [m,n]
     * @return a new array [m,n]
     */
    public static NDArray toDense(Csr a) {
        CsrToDense dense = new CsrToDense(a.shape().dim(0), a.shape().dim(1));
        return Dispatch.one(dense, a.indptr(), a.indices(), a.values());
    }
}
