package io.kiln.op.internal;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.linalg.Determinant;
import io.kiln.op.linalg.Inverse;
import io.kiln.op.linalg.Linalg;

/**
 * Matrices of cofactors, the transposed adjugate: \(y_{ij} = (-1)^{i+j} \det a_{\setminus ij}\), a without row i and column j; the
 * gradient of {@link Determinant}. Singular matrices have one too. Shapes: a[…,n,n], y as a. Dtype: as a, floating; computed
 * in float64 by factors with complete pivoting, without division by pivots. Its own gradient is refused where a is singular.
 */
public record Cofactors() implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        SquareMatrices.check(name(), inputs[0]);
        return new Spec[] {inputs[0]};
    }

    /** With y = det a · a⁻ᵀ: ⟨dy, y⟩ a⁻ᵀ − a⁻ᵀ dyᵀ y. */
    @Override
    public NDArray[] gradient(GradientContext c) {
        NDArray y = c.output(0);
        NDArray dy = c.outputGradient(0);
        NDArray turned = Linalg.matrixTranspose(Dispatch.one(new Inverse(), c.input(0)));
        NDArray inner = dy.mul(y).sum(-1).sum(-1).expandDims(-1).expandDims(-1);
        return new NDArray[] {
            turned.mul(inner).sub(turned.matmul(Linalg.matrixTranspose(dy)).matmul(y))
        };
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        long n = inputs[0].shape().dim(-1);
        return Math.multiplyExact(3 * n, inputs[0].shape().size());
    }
}
