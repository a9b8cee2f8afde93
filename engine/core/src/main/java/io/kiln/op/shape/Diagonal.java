package io.kiln.op.shape;

import io.kiln.ndarray.Layout;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.ViewOperator;
import io.kiln.op.internal.Diagonals;
import java.util.Arrays;

/**
 * A diagonal of the matrices in the last two axes: y[…,i] = x[…,i,i + offset] for offset &ge; 0, x[…,i - offset,i] below
 * the main one. Shapes: x[…,m,n], y[…,k] with k the length of that diagonal, 0 where it lies outside. Dtype: as x. A view.
 *
 * @param offset which diagonal: 0 the main one, above it positive
 */
public record Diagonal(long offset) implements ViewOperator {
    @Override
    public Spec[] infer(Spec... inputs) {
        Shape x = inputs[0].shape();
        if (x.rank() < 2) {
            throw new ShapeException("diagonal: needs x[…,m,n], got x" + x);
        }
        long m = x.dim(-2);
        long n = x.dim(-1);
        long k = m == Shape.UNKNOWN || n == Shape.UNKNOWN ? Shape.UNKNOWN : Diagonals.length(m, n, offset);
        return new Spec[] {new Spec(x.without(-1).with(-1, k), inputs[0].dtype())};
    }

    @Override
    public View view(Layout x, Spec output) {
        int rank = x.shape().rank();
        long[] strides = Arrays.copyOf(x.strides(), rank - 1);
        long row = x.strides()[rank - 2];
        long column = x.strides()[rank - 1];
        strides[rank - 2] = row + column;
        long start = offset >= 0 ? offset * column : -offset * row;
        return new View(strides, output.shape().size() == 0 ? 0 : start);
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        Shape x = c.input(0).shape();
        return new NDArray[] {Dispatch.one(new DiagonalEmbed(offset, x.dim(-2), x.dim(-1)), c.outputGradient(0))};
    }
}
