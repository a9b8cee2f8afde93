package io.kiln.op.vision;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.op.Creation;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.internal.CompositeGradient;
import io.kiln.op.math.Masked;
import io.kiln.op.math.Where;

/**
 * Pairwise intersection over union of boxes: y[…,i,j] of a[…,i,:] and b[…,j,:], each box (left, top, right, bottom). It
 * is 0 if both are empty; a box whose right is left of its left, or bottom above its top, is empty. Shapes: a[…,N,4],
 * b[…,M,4], y[…,N,M]; the leading axes broadcast. Dtype: the promoted one, floating.
 */
public record BoxIou() implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        Shape a = inputs[0].shape();
        Shape b = inputs[1].shape();
        DType type = inputs[0].dtype().promote(inputs[1].dtype());
        if (a.rank() < 2 || b.rank() < 2 || a.dim(-1) != 4 || b.dim(-1) != 4 || !type.isFloating()) {
            throw new ShapeException(
                    "boxIou: expected floating boxes a[…,N,4] and b[…,M,4] of (left, top, right, bottom)," + " got a "
                            + inputs[0] + " and b " + inputs[1]);
        }
        Shape batch = Shape.broadcast(a.without(-1).without(-1), b.without(-1).without(-1), name());
        return new Spec[] {new Spec(batch.insert(-1, a.dim(-2)).insert(-1, b.dim(-2)), type)};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        return CompositeGradient.of(this, c);
    }

    @Override
    public NDArray[] compose(NDArray... inputs) {
        NDArray a = inputs[0].expandDims(-2);
        NDArray b = inputs[1].expandDims(-3);
        NDArray low = a.slice(-1, 0, 2).maximum(b.slice(-1, 0, 2));
        NDArray high = a.slice(-1, 2, 4).minimum(b.slice(-1, 2, 4));
        NDArray shared = area(low, high);
        NDArray union = area(a.slice(-1, 0, 2), a.slice(-1, 2, 4))
                .add(area(b.slice(-1, 0, 2), b.slice(-1, 2, 4)))
                .sub(shared);
        NDArray some = union.gt(0);
        NDArray safe = Dispatch.one(new Where(), some, union, Creation.onesLike(union));
        return new NDArray[] {Dispatch.one(new Masked(false), shared.div(safe), some)};
    }

    private static NDArray area(NDArray low, NDArray high) {
        NDArray d = high.sub(low).relu();
        return d.slice(-1, 0, 1).mul(d.slice(-1, 1, 2)).squeeze(-1);
    }
}
