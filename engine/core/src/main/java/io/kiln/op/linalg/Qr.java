package io.kiln.op.linalg;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.op.Creation;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.shape.Tril;

/**
 * Factors q r of matrices, q with orthonormal columns and r upper triangular, by Householder reflections; signs as in
 * LAPACK. Shapes: a[…,m,n]. Outputs: q[…,m,k], r[…,k,n] with k the smaller of m and n. Dtype: as a, floating; computed
 * in float64. The gradient (Walter and Lehmann, 2012) needs m &ge; n and full rank.
 */
public record Qr() implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        Shape a = inputs[0].shape();
        if (a.rank() < 2 || !inputs[0].dtype().isFloating()) {
            throw new ShapeException("qr: needs floating matrices a[…,m,n], got " + inputs[0]);
        }
        long m = a.dim(-2);
        long n = a.dim(-1);
        long k = m == Shape.UNKNOWN || n == Shape.UNKNOWN ? Shape.UNKNOWN : Math.min(m, n);
        return new Spec[] {new Spec(a.with(-1, k), inputs[0].dtype()), new Spec(a.with(-2, k), inputs[0].dtype())};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        NDArray q = c.output(0);
        NDArray r = c.output(1);
        if (q.shape().dim(-1) != r.shape().dim(-1)) {
            throw new UnsupportedOperationException("qr: the gradient needs at least as many rows as columns, got a"
                    + c.input(0).shape() + "; factor the transpose");
        }
        NDArray dq = c.outputGradient(0) == null ? Creation.zerosLike(q) : c.outputGradient(0);
        NDArray m = Linalg.matrixTranspose(dq).matmul(q).neg();
        if (c.outputGradient(1) != null) {
            m = m.add(r.matmul(Linalg.matrixTranspose(c.outputGradient(1))));
        }
        NDArray low = Dispatch.one(new Tril(0), m).add(Linalg.matrixTranspose(Dispatch.one(new Tril(-1), m)));
        NDArray sum = dq.add(q.matmul(low));
        return new NDArray[] {
            Linalg.matrixTranspose(Dispatch.one(new TriangularSolve(false, false), r, Linalg.matrixTranspose(sum)))
        };
    }
}
