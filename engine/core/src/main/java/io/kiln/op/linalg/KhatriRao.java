package io.kiln.op.linalg;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.internal.CompositeGradient;

/**
 * Khatri-Rao product: the Kronecker product of matrices, column by column. For two, y[i·m₂ + j, k] = a[i,k] · b[j,k];
 * more are multiplied from the left (Khatri and Rao, Sankhyā A, 1968). Shapes: one or more x[m,K]; y[m₁ m₂ …, K].
 * Dtype: the common one.
 */
public record KhatriRao() implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        if (inputs.length == 0) {
            throw new IllegalArgumentException("khatriRao: needs at least one matrix, got none");
        }
        Spec y = inputs[0];
        for (Spec x : inputs) {
            if (x.shape().rank() != 2) {
                throw new ShapeException("khatriRao: expected matrices[m,K], got " + x);
            }
            if (!x.shape().without(0).accepts(y.shape().without(0))) {
                throw new ShapeException("khatriRao: numbers of columns differ: " + inputs[0] + " and " + x);
            }
        }
        for (int i = 1; i < inputs.length; i++) {
            Shape x = inputs[i].shape();
            y = new Spec(Shape.of(rows(y.shape(), x), x.dim(1)), y.dtype().promote(inputs[i].dtype()));
        }
        return new Spec[] {y};
    }

    private static long rows(Shape a, Shape b) {
        boolean known = a.dim(0) != Shape.UNKNOWN && b.dim(0) != Shape.UNKNOWN;
        return known ? Math.multiplyExact(a.dim(0), b.dim(0)) : Shape.UNKNOWN;
    }

    @Override
    public NDArray[] compose(NDArray... inputs) {
        NDArray y = inputs[0].copy();
        for (int i = 1; i < inputs.length; i++) {
            NDArray x = inputs[i];
            y = y.expandDims(1)
                    .mul(x.expandDims(0))
                    .reshape(rows(y.shape(), x.shape()), x.shape().dim(1));
        }
        return new NDArray[] {y};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        return CompositeGradient.of(this, c);
    }
}
