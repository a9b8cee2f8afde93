package io.kiln.op.shape;

import io.kiln.ndarray.Layout;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.ViewOperator;
import io.kiln.op.internal.Axes;
import java.util.List;

/**
 * Permutes the axes: axis i of y is axis axes[i] of x. A view.
 *
 * @param axes a permutation of 0..rank-1
 */
public record Transpose(List<Long> axes) implements ViewOperator {
    @Override
    public Spec[] infer(Spec... inputs) {
        Shape x = inputs[0].shape();
        long[] d = new long[x.rank()];
        boolean[] used = new boolean[x.rank()];
        boolean valid = axes.size() == d.length;
        for (int i = 0; valid && i < d.length; i++) {
            long a = axes.get(i);
            valid = a >= 0 && a < d.length && !used[(int) a];
            if (valid) {
                used[(int) a] = true;
                d[i] = x.dim((int) a);
            }
        }
        if (!valid) {
            throw new ShapeException(
                    "transpose: axes must be a permutation of 0.." + (x.rank() - 1) + " for x" + x + ", got " + axes);
        }
        return new Spec[] {new Spec(Shape.of(d), inputs[0].dtype())};
    }

    @Override
    public View view(Layout x, Spec output) {
        long[] strides = new long[axes.size()];
        for (int i = 0; i < strides.length; i++) {
            strides[i] = x.strides()[axes.get(i).intValue()];
        }
        return new View(strides, 0);
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        return new NDArray[] {Dispatch.one(new Transpose(Axes.inverse(axes)), c.outputGradient(0))};
    }
}
