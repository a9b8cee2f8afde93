package io.kiln.op.shape;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.internal.Diagonals;
import io.kiln.op.math.Masked;

/**
 * The upper triangles of the matrices in the last two axes; 0 below. Shapes: y as x[…,m,n]. Dtype: as x.
 *
 * @param offset the first diagonal that is kept: 0 the main one, above it positive
 */
public record Triu(long offset) implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        return Tril.infer(name(), inputs[0]);
    }

    @Override
    public NDArray[] compose(NDArray... inputs) {
        NDArray x = inputs[0];
        return new NDArray[] {
            Dispatch.one(new Masked(true), x, Diagonals.below(x.factory(), x.shape(), offset - 1))
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
