package io.kiln.op.internal;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.linalg.Linalg;
import io.kiln.op.math.Elementwise;
import io.kiln.op.shape.DiagonalEmbed;

/** Checks that operators on square matrices share. */
public final class SquareMatrices {
    private SquareMatrices() {}

    /** x[…,n,n], floating. */
    public static void check(String operation, Spec x) {
        Shape s = x.shape();
        boolean square =
                s.rank() >= 2 && (s.dim(-1) == s.dim(-2) || s.dim(-1) == Shape.UNKNOWN || s.dim(-2) == Shape.UNKNOWN);
        if (!square || !x.dtype().isFloating()) {
            throw new ShapeException(operation + ": needs floating square matrices a[…,n,n], got " + x);
        }
    }

    /** The result of solving a x = b: b's matrices, the leading axes broadcast. */
    public static Spec solution(String operation, Spec a, Spec b) {
        check(operation, a);
        DType type = a.dtype().promote(b.dtype());
        boolean fits = b.shape().rank() >= 2
                && b.dtype().isFloating()
                && Shape.of(a.shape().dim(-1)).accepts(Shape.of(b.shape().dim(-2)));
        if (!fits) {
            throw new ShapeException(operation + ": a" + a.shape() + " needs floating b[…,"
                    + a.shape().dim(-1) + ",k], got " + b);
        }
        Shape batch = Shape.broadcast(batch(a.shape()), batch(b.shape()), operation);
        return new Spec(batch.insert(-1, b.shape().dim(-2)).insert(-1, b.shape().dim(-1)), type);
    }

    /** The axes in front of the matrices. */
    public static Shape batch(Shape x) {
        return x.without(-1).without(-1);
    }

    /** (x + xᵀ)/2. */
    public static NDArray symmetric(NDArray x) {
        return x.add(Linalg.matrixTranspose(x)).mul(0.5);
    }

    /** Numbers along the last axis as factors of rows. */
    public static NDArray scaleColumns(NDArray x, NDArray factors) {
        return x.mul(factors.expandDims(-2));
    }

    /** 1/(f_j - f_i) where i and j differ, else 0. */
    public static NDArray gaps(NDArray f) {
        NDArray difference = f.expandDims(-2).sub(f.expandDims(-1));
        NDArray one = Diagonals.unit(f.factory(), f.shape().dim(-1), f.dtype());
        return Elementwise.div(1, difference.add(one)).sub(one);
    }

    /** A matrix with numbers on its diagonal. */
    public static NDArray diagonal(NDArray x) {
        long n = x.shape().dim(-1);
        return Dispatch.one(new DiagonalEmbed(0, n, n), x);
    }
}
