package io.kiln.op.shape;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.internal.Diagonals;

/**
 * Matrices with given elements on a diagonal and zeros elsewhere; the reverse of {@link Diagonal}. Shapes: x[…,k] with
 * k the length of that diagonal, y[…,rows,columns]. Dtype: as x.
 *
 * @param offset which diagonal: 0 the main one, above it positive
 * @param rows rows of each matrix
 * @param columns columns of each matrix
 */
public record DiagonalEmbed(long offset, long rows, long columns) implements Operator {
    /** Checks the sizes. */
    public DiagonalEmbed {
        if (rows < 0 || columns < 0) {
            throw new IllegalArgumentException(
                    "diagonalEmbed: rows and columns must be at least 0, got " + rows + " and " + columns);
        }
    }

    @Override
    public Spec[] infer(Spec... inputs) {
        Shape x = inputs[0].shape();
        long k = Diagonals.length(rows, columns, offset);
        if (x.rank() < 1 || x.dim(-1) != k && x.dim(-1) != Shape.UNKNOWN) {
            throw new ShapeException("diagonalEmbed: diagonal " + offset + " of matrices [" + rows + "," + columns
                    + "] needs x[…," + k + "], got x" + x);
        }
        return new Spec[] {new Spec(x.with(-1, rows).insert(-1, columns), inputs[0].dtype())};
    }

    @Override
    public NDArray[] compose(NDArray... inputs) {
        NDArray x = inputs[0];
        Spec y = infer(x.spec())[0];
        NDArray result = x.newArray(y);
        result.fill(0);
        try (NDArray part = new Diagonal(offset).view(result, x.spec())) {
            part.assign(x);
        }
        return new NDArray[] {result};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        return new NDArray[] {Dispatch.one(new Diagonal(offset), c.outputGradient(0))};
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        return 0;
    }
}
