package io.kiln.nn.loss;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.op.linalg.Linalg;
import io.kiln.op.math.Elementwise;
import io.kiln.op.reduce.Reductions;

/** Code shared by losses of two views. The batch may be unknown. */
final class Views {
    private static final double LEAST = 1e-24;

    private Views() {}

    static void check(String loss, NDArray first, NDArray second) {
        Shape a = first.shape();
        if (a.rank() != 2 || !Labels.fits(a, second.shape())) {
            throw new ShapeException(
                    loss + ": needs two embeddings[N,n] of one shape, got " + a + " and " + second.shape());
        }
    }

    /** Rows normalised to length 1. */
    static NDArray normalised(NDArray x) {
        NDArray squares = Reductions.sum(x.square(), true, -1);
        return x.mul(Elementwise.rsqrt(squares.clip(LEAST, Double.POSITIVE_INFINITY)));
    }

    /** The inner products of all rows: [N,N]. */
    static NDArray products(NDArray a, NDArray b) {
        return a.matmul(Linalg.matrixTranspose(b));
    }

    /** [N,N]: 1 on the diagonal, otherwise 0. */
    static NDArray diagonal(NDArray rows) {
        NDArray ones = rows.slice(1, 0, 1).mul(0).add(1);
        NDArray number = Reductions.cumsum(ones, 0);
        return number.eq(Linalg.matrixTranspose(number)).cast(rows.dtype());
    }

    /** The number of rows, as an array of shape []. */
    static NDArray count(NDArray rows) {
        return rows.slice(1, 0, 1).mul(0).add(1).sum();
    }
}
