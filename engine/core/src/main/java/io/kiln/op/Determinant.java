package io.kiln.op;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;

/**
 * Determinants. Shapes: a[…,n,n], y[…]; that of a matrix of no rows is 1. Dtype: as a, floating; computed in float64. The gradient, det a
 * (a⁻¹)ᵀ, is refused where a is singular.
 */
public record Determinant() implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        SquareMatrices.check(name(), inputs[0]);
        return new Spec[] {new Spec(SquareMatrices.batch(inputs[0].shape()), inputs[0].dtype())};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        NDArray inverse = Dispatch.one(new Inverse(), c.input(0));
        NDArray factor = c.outputGradient(0).mul(c.output(0)).expandDims(-1).expandDims(-1);
        return new NDArray[] {MatMul.swap(inverse).mul(factor)};
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        long n = inputs[0].shape().dim(-1);
        return Math.multiplyExact(2 * n, inputs[0].shape().size()) / 3;
    }
}
