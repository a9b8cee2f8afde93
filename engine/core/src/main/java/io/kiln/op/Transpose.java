package io.kiln.op;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import java.util.ArrayList;
import java.util.Collections;
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
    public NDArray view(NDArray x, Spec output) {
        long[] strides = new long[axes.size()];
        for (int i = 0; i < strides.length; i++) {
            strides[i] = x.strides()[axes.get(i).intValue()];
        }
        return x.view(output.shape(), strides, 0);
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        return new NDArray[] {Dispatch.one(new Transpose(inverse(axes)), c.outputGradient(0))};
    }

    /** The permutation that undoes another. */
    static List<Long> inverse(List<Long> axes) {
        List<Long> inverse = new ArrayList<>(Collections.nCopies(axes.size(), 0L));
        for (int i = 0; i < axes.size(); i++) {
            inverse.set(axes.get(i).intValue(), (long) i);
        }
        return List.copyOf(inverse);
    }
}
