package io.kiln.op.linalg;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.internal.SquareMatrices;

/**
 * Inverse matrices. Shapes: a[…,n,n], y as a. Dtype: as a, floating; computed in float64. Singular matrices are an
 * error.
 */
public record Inverse() implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        SquareMatrices.check(name(), inputs[0]);
        return new Spec[] {inputs[0]};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        NDArray t = Linalg.matrixTranspose(c.output(0));
        return new NDArray[] {t.matmul(c.outputGradient(0)).matmul(t).neg()};
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        long n = inputs[0].shape().dim(-1);
        return Math.multiplyExact(2 * n, inputs[0].shape().size());
    }
}
