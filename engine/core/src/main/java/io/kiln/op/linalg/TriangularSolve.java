package io.kiln.op.linalg;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.internal.Broadcasting;
import io.kiln.op.internal.SquareMatrices;
import io.kiln.op.shape.Tril;
import io.kiln.op.shape.Triu;

/**
 * Solves a x = b, or aᵀ x = b, for triangular a; the other triangle is ignored. Inputs: a[…,n,n], b[…,n,k]; the leading
 * axes broadcast. Shapes: x[…,n,k]. Dtype: the promoted one, floating; computed in float64. A 0 on the diagonal gives
 * infinities or NaN.
 *
 * @param lower whether the lower triangle of a counts, instead of the upper one
 * @param transposed whether aᵀ x = b is solved
 */
public record TriangularSolve(boolean lower, boolean transposed) implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        return new Spec[] {SquareMatrices.solution(name(), inputs[0], inputs[1])};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        NDArray a = c.input(0);
        NDArray x = c.output(0);
        NDArray db = Dispatch.one(new TriangularSolve(lower, !transposed), a, c.outputGradient(0));
        NDArray da = null;
        if (c.needs(0)) {
            NDArray full = transposed ? x.matmul(Linalg.matrixTranspose(db)) : db.matmul(Linalg.matrixTranspose(x));
            NDArray part = Dispatch.one(lower ? new Tril(0) : new Triu(0), full.neg());
            da = Broadcasting.reduceTo(part, a.shape());
        }
        return new NDArray[] {
            da, c.needs(1) ? Broadcasting.reduceTo(db, c.input(1).shape()) : null
        };
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        long n = inputs[0].shape().dim(-1);
        return Math.multiplyExact(n, outputs[0].shape().size());
    }
}
