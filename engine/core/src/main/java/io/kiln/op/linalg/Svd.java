package io.kiln.op.linalg;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.Creation;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.internal.SquareMatrices;
import io.kiln.op.math.Elementwise;

/**
 * Singular values: a = u diag(s) v, u with orthonormal columns, v with orthonormal rows, s descending; the element of
 * largest magnitude of each column of u is positive. By Jacobi rotations from one side, for matrices of up to a few
 * hundred rows. Shapes: a[…,m,n]. Outputs: u[…,m,k], s[…,k], v[…,k,n] with k the smaller of m and n. Dtype: as a,
 * floating; computed in float64. The gradient (Townsend, 2016) needs singular values that differ from each other and
 * from 0.
 */
public record Svd() implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        Spec[] qr = new Qr().infer(inputs);
        return new Spec[] {qr[0], new Spec(qr[0].shape().without(-2), qr[0].dtype()), qr[1]};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        NDArray u = c.output(0);
        NDArray s = c.output(1);
        NDArray v = Linalg.matrixTranspose(c.output(2));
        NDArray du = c.outputGradient(0);
        NDArray ds = c.outputGradient(1);
        NDArray dv = c.outputGradient(2) == null ? null : Linalg.matrixTranspose(c.outputGradient(2));
        NDArray inner = SquareMatrices.diagonal(ds == null ? Creation.zerosLike(s) : ds);
        NDArray gaps = SquareMatrices.gaps(s.square());
        if (du != null) {
            NDArray j = gaps.mul(Linalg.matrixTranspose(u).matmul(du));
            inner = inner.add(SquareMatrices.scaleColumns(j.add(Linalg.matrixTranspose(j)), s));
        }
        if (dv != null) {
            NDArray k = gaps.mul(Linalg.matrixTranspose(v).matmul(dv));
            inner = inner.add(k.add(Linalg.matrixTranspose(k)).mul(s.expandDims(-1)));
        }
        NDArray dx = u.matmul(inner).matmul(Linalg.matrixTranspose(v));
        NDArray inverse = Elementwise.div(1, s);
        if (du != null && u.shape().dim(-2) > u.shape().dim(-1)) {
            NDArray outside = du.sub(u.matmul(Linalg.matrixTranspose(u).matmul(du)));
            dx = dx.add(SquareMatrices.scaleColumns(outside, inverse).matmul(Linalg.matrixTranspose(v)));
        }
        if (dv != null && v.shape().dim(-2) > v.shape().dim(-1)) {
            NDArray outside = dv.sub(v.matmul(Linalg.matrixTranspose(v).matmul(dv)));
            dx = dx.add(SquareMatrices.scaleColumns(u, inverse).matmul(Linalg.matrixTranspose(outside)));
        }
        return new NDArray[] {dx};
    }
}
