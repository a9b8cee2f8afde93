package io.kiln.op.linalg;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.internal.Broadcasting;

/**
 * Matrix product over the last two axes: \(y_{ij} = \sum_k a_{ik} b_{kj}\). Shapes: a[…,m,k], b[…,k,n], y[…,m,n]; the
 * leading axes broadcast. Transposed operands are views, so no attribute is needed for them. Dtype: the promoted one,
 * floating.
 */
public record MatMul() implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        Shape a = inputs[0].shape();
        Shape b = inputs[1].shape();
        if (a.rank() < 2 || b.rank() < 2) {
            throw new ShapeException("matmul: operands need two axes at least, got a" + a + " and b" + b
                    + "; reshape vectors to [1,n] or [n,1]");
        }
        long k = a.dim(-1);
        if (k != b.dim(-2) && k != Shape.UNKNOWN && b.dim(-2) != Shape.UNKNOWN) {
            throw new ShapeException("matmul: inner sizes differ: a" + a + " needs b[…," + k + ",*], got b" + b);
        }
        if (!inputs[0].dtype().promote(inputs[1].dtype()).isFloating()) {
            throw new IllegalArgumentException("matmul: needs floating operands, got " + inputs[0].dtype() + " and "
                    + inputs[1].dtype() + "; cast them first");
        }
        Shape batch = Shape.broadcast(a.without(-1).without(-1), b.without(-1).without(-1), "matmul");
        Shape y = batch.insert(-1, a.dim(-2)).insert(-1, b.dim(-1));
        return new Spec[] {new Spec(y, inputs[0].dtype().promote(inputs[1].dtype()))};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        NDArray dy = c.outputGradient(0);
        NDArray a = c.input(0);
        NDArray b = c.input(1);
        return new NDArray[] {
            c.needs(0) ? Broadcasting.reduceTo(dy.matmul(Linalg.matrixTranspose(b)), a.shape()) : null,
            c.needs(1) ? Broadcasting.reduceTo(Linalg.matrixTranspose(a).matmul(dy), b.shape()) : null
        };
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        return Math.multiplyExact(
                2 * inputs[0].shape().dim(-1), outputs[0].shape().size());
    }
}
