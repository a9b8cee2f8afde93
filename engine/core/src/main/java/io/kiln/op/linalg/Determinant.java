package io.kiln.op.linalg;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.internal.Cofactors;
import io.kiln.op.internal.SquareMatrices;

/**
 * Determinants. Shapes: a[…,n,n], y[…]; that of a matrix of no rows is 1. Dtype: as a, floating; computed in float64. The gradient is the
 * matrix of {@link Cofactors}, for singular matrices too; the second derivative is refused there.
 */
public record Determinant() implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        SquareMatrices.check(name(), inputs[0]);
        return new Spec[] {new Spec(SquareMatrices.batch(inputs[0].shape()), inputs[0].dtype())};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        NDArray factor = c.outputGradient(0).expandDims(-1).expandDims(-1);
        return new NDArray[] {Dispatch.one(new Cofactors(), c.input(0)).mul(factor)};
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        long n = inputs[0].shape().dim(-1);
        return Math.multiplyExact(2 * n, inputs[0].shape().size()) / 3;
    }
}
