package io.kiln.op;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import java.util.Arrays;

/**
 * The same elements in row-major order under another shape. One size may be -1: it follows from the others. A view where
 * strides allow it, otherwise of a copy.
 *
 * @param shape the new shape
 */
public record Reshape(Shape shape) implements ViewOperator {
    @Override
    public Spec[] infer(Spec... inputs) {
        return new Spec[] {new Spec(resolve(inputs[0].shape()), inputs[0].dtype())};
    }

    private Shape resolve(Shape x) {
        int open = -1;
        long known = 1;
        for (int i = 0; i < shape.rank(); i++) {
            if (shape.dim(i) == Shape.UNKNOWN) {
                if (open >= 0) {
                    throw new ShapeException("reshape: at most one size may be -1, got " + shape);
                }
                open = i;
            } else {
                known *= shape.dim(i);
            }
        }
        if (!x.isKnown()) {
            return shape;
        }
        long size = x.size();
        if (open >= 0 && known > 0 && size % known == 0) {
            return shape.with(open, size / known);
        }
        if (open >= 0 || known != size) {
            throw new ShapeException("reshape: x" + x + " has " + size + " elements, they do not fill shape " + shape);
        }
        return shape;
    }

    @Override
    public NDArray view(NDArray x, Spec output) {
        long[] strides = strides(x, output.shape());
        if (strides != null) {
            return x.view(output.shape(), strides, 0);
        }
        NDArray copy = Dispatch.withoutGradient(new Copy(), x);
        return copy.view(output.shape(), output.shape().contiguousStrides(), 0);
    }

    /** Strides of the new shape over the same memory, or null when there are none. */
    private static long[] strides(NDArray x, Shape to) {
        if (x.isContiguous()) {
            return to.contiguousStrides();
        }
        long[] d = x.shape().dims();
        long[] result = new long[to.rank()];
        Arrays.fill(result, 1);
        int i = 0;
        int j = 0;
        while (i < d.length && j < to.rank()) {
            long from = d[i];
            long into = to.dim(j);
            int i0 = i;
            int j0 = j;
            while (from != into) {
                if (from < into) {
                    from *= d[++i];
                } else {
                    into *= to.dim(++j);
                }
            }
            for (int k = i0; k < i; k++) {
                if (d[k] != 1 && x.strides()[k] != d[k + 1] * x.strides()[k + 1]) {
                    return null;
                }
            }
            long stride = x.strides()[i];
            for (int k = j; k >= j0; k--) {
                result[k] = stride;
                stride *= to.dim(k);
            }
            i++;
            j++;
        }
        return result;
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        return new NDArray[] {c.outputGradient(0).reshape(c.input(0).shape())};
    }
}
