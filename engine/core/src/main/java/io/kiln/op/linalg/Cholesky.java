package io.kiln.op.linalg;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.internal.SquareMatrices;
import io.kiln.op.shape.Diagonal;
import io.kiln.op.shape.Tril;

/**
 * Cholesky factor: the lower triangular L with L Lᵀ = (a + aᵀ)/2, the symmetric part of a, which must be positive definite. Shapes:
 * a[…,n,n], y as a. Dtype: as a, floating; computed in float64. Gradient: Murray, arXiv 1602.07527.
 */
public record Cholesky() implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        SquareMatrices.check(name(), inputs[0]);
        return new Spec[] {inputs[0]};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        NDArray l = c.output(0);
        NDArray p = Dispatch.one(new Tril(0), Linalg.matrixTranspose(l).matmul(c.outputGradient(0)));
        NDArray half =
                p.sub(SquareMatrices.diagonal(Dispatch.one(new Diagonal(0), p)).mul(0.5));
        TriangularSolve back = new TriangularSolve(true, true);
        NDArray s = Dispatch.one(back, l, half);
        s = Dispatch.one(back, l, Linalg.matrixTranspose(s));
        return new NDArray[] {SquareMatrices.symmetric(s)};
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        long n = inputs[0].shape().dim(-1);
        return Math.multiplyExact(n, inputs[0].shape().size()) / 3;
    }
}
