package io.kiln.op.internal;

import io.kiln.ndarray.ArrayFactory;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.op.Dispatch;
import io.kiln.op.shape.DiagonalEmbed;

/** Diagonals of matrices and the triangles below them. An offset counts to the right. */
public final class Diagonals {
    private Diagonals() {}

    /** The length of a diagonal of a matrix [m,n]. */
    public static long length(long m, long n, long offset) {
        return Math.max(0, Math.min(m - Math.max(0, -offset), n - Math.max(0, offset)));
    }

    /** A unit matrix. */
    public static NDArray unit(ArrayFactory beside, long n, DType dtype) {
        return Dispatch.withoutGradient(new DiagonalEmbed(0, n, n), beside.ones(Shape.of(n), dtype));
    }

    /** True on the diagonal and below it: where the column is at most the row plus the offset. */
    public static NDArray below(ArrayFactory beside, Shape x, long offset) {
        NDArray row = beside.arange(0, x.dim(-2), 1, DType.INT64).add(offset).expandDims(1);
        return beside.arange(0, x.dim(-1), 1, DType.INT64).le(row);
    }
}
