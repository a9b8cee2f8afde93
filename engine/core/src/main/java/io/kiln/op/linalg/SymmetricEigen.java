package io.kiln.op.linalg;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.internal.SquareMatrices;

/**
 * Eigenvalues and eigenvectors of the symmetric part (a + aᵀ)/2: it is v diag(l) vᵀ with l ascending and orthonormal
 * columns of v, of which the element of largest magnitude is positive. By Jacobi rotations, for matrices of up to a few
 * hundred rows. Shapes: a[…,n,n]. Outputs: l[…,n], v[…,n,n]. Dtype: as a, floating; computed in float64. The gradient
 * needs eigenvalues that differ.
 */
public record SymmetricEigen() implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        SquareMatrices.check(name(), inputs[0]);
        return new Spec[] {new Spec(inputs[0].shape().without(-1), inputs[0].dtype()), inputs[0]};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        NDArray v = c.output(1);
        NDArray t = Linalg.matrixTranspose(v);
        NDArray inner = c.outputGradient(0) == null ? null : SquareMatrices.diagonal(c.outputGradient(0));
        if (c.outputGradient(1) != null) {
            NDArray turn = SquareMatrices.gaps(c.output(0)).mul(t.matmul(c.outputGradient(1)));
            inner = inner == null ? turn : inner.add(turn);
        }
        return new NDArray[] {SquareMatrices.symmetric(v.matmul(inner).matmul(t))};
    }
}
