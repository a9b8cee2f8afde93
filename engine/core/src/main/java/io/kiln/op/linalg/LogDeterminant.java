package io.kiln.op.linalg;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.internal.SquareMatrices;

/**
 * Logarithms of the magnitudes of determinants, and their signs, without overflow. Shapes: a[…,n,n]. Outputs: ln |det a| […], minus
 * infinity for singular matrices; sign […]: -1, 0 or 1, through which no gradient flows. Dtype: as a, floating; computed in float64. The gradient, (a⁻¹)ᵀ, is refused
 * where a is singular.
 */
public record LogDeterminant() implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        SquareMatrices.check(name(), inputs[0]);
        Spec y = new Spec(SquareMatrices.batch(inputs[0].shape()), inputs[0].dtype());
        return new Spec[] {y, y};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        if (c.outputGradient(0) == null) {
            return new NDArray[1];
        }
        NDArray inverse = Dispatch.one(new Inverse(), c.input(0));
        return new NDArray[] {
            Linalg.matrixTranspose(inverse)
                    .mul(c.outputGradient(0).expandDims(-1).expandDims(-1))
        };
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        long n = inputs[0].shape().dim(-1);
        return Math.multiplyExact(2 * n, inputs[0].shape().size()) / 3;
    }
}
