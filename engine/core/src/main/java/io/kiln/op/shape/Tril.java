package io.kiln.op.shape;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.internal.Diagonals;
import io.kiln.op.math.Masked;

/**
 * The lower triangles of the matrices in the last two axes; 0 above. Shapes: y as x[…,m,n]. Dtype: as x.
 *
 * @param offset the last diagonal that is kept: 0 the main one, above it positive
 */
public record Tril(long offset) implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        return infer(name(), inputs[0]);
    }

    static Spec[] infer(String operation, Spec x) {
        if (x.shape().rank() < 2) {
            throw new ShapeException(operation + ": needs x[…,m,n], got x" + x.shape());
        }
        return new Spec[] {x};
    }

    @Override
    public NDArray[] compose(NDArray... inputs) {
        NDArray x = inputs[0];
        return new NDArray[] {
            Dispatch.one(new Masked(false), x, Diagonals.below(x.factory(), x.shape(), offset))
                    .cast(x.dtype())
        };
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        return new NDArray[] {Dispatch.one(this, c.outputGradient(0))};
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        return 0;
    }
}
