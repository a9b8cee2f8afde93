package io.kiln.op.reduce;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.internal.Axes;
import io.kiln.op.shape.Concat;
import io.kiln.op.shape.Transpose;
import java.util.ArrayList;
import java.util.List;

/**
 * Product over axes: \(y = \prod x\). Dtype: as x, bool and uint8 multiply to int64. The product over no elements is 1.
 * The gradient is correct even where elements are 0: factors are multiplied pairwise, never divided.
 *
 * @param axes the axes to reduce, non-negative, ascending; none for all
 * @param keepDims whether the axes stay, with size 1
 */
public record Prod(List<Long> axes, boolean keepDims) implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        return new Spec[] {
            new Spec(
                    ReductionShape.of(inputs[0].shape(), axes, keepDims), ReductionShape.accumulated(inputs[0].dtype()))
        };
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        NDArray x = c.input(0);
        List<Long> order = axesLast(x.shape());
        NDArray moved = Dispatch.one(new Transpose(order), x);
        long n = ReductionShape.count(x.shape(), axes);
        NDArray dy = c.outputGradient(0).reshape(c.outputGradient(0).size(), 1);
        NDArray dx =
                n == 0 ? moved : share(dy, moved.reshape(dy.shape().dim(0), n)).reshape(moved.shape());
        return new NDArray[] {Dispatch.one(new Transpose(Axes.inverse(order)), dx)};
    }

    /** The permutation that moves the reduced axes after the others. */
    private List<Long> axesLast(Shape x) {
        List<Long> kept = new ArrayList<>();
        List<Long> reduced = new ArrayList<>();
        for (long i = 0; i < x.rank(); i++) {
            (axes.isEmpty() || axes.contains(i) ? reduced : kept).add(i);
        }
        kept.addAll(reduced);
        return List.copyOf(kept);
    }

    /** Gradient of the product over the last axis of x[m,n]: halves are multiplied, so each half is the other's slope. */
    private static NDArray share(NDArray dy, NDArray x) {
        long n = x.shape().dim(1);
        if (n == 1) {
            return dy;
        }
        long half = n / 2;
        NDArray a = x.slice(1, 0, half);
        NDArray b = x.slice(1, half, 2 * half);
        NDArray rest = x.slice(1, 2 * half, n);
        NDArray g = share(dy, Dispatch.one(new Concat(1), a.mul(b), rest));
        NDArray gab = g.slice(1, 0, half);
        return Dispatch.one(new Concat(1), gab.mul(b), gab.mul(a), g.slice(1, half, n - half));
    }
}
