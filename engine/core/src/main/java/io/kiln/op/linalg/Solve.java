package io.kiln.op.linalg;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.internal.Broadcasting;
import io.kiln.op.internal.SquareMatrices;

/**
 * Solves a x = b. Inputs: a[…,n,n], b[…,n,k]; the leading axes broadcast. Shapes: x[…,n,k]. Dtype: the promoted one,
 * floating; computed in float64. Singular matrices are an error.
 */
public record Solve() implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        return new Spec[] {SquareMatrices.solution(name(), inputs[0], inputs[1])};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        NDArray a = c.input(0);
        NDArray db = Dispatch.one(this, Linalg.matrixTranspose(a), c.outputGradient(0));
        NDArray da = c.needs(0)
                ? Broadcasting.reduceTo(
                        db.matmul(Linalg.matrixTranspose(c.output(0))).neg(), a.shape())
                : null;
        return new NDArray[] {
            da, c.needs(1) ? Broadcasting.reduceTo(db, c.input(1).shape()) : null
        };
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        long n = inputs[0].shape().dim(-1);
        long factors = Math.multiplyExact(2 * n, inputs[0].shape().size()) / 3;
        return Math.addExact(
                factors, Math.multiplyExact(2 * n, outputs[0].shape().size()));
    }
}
