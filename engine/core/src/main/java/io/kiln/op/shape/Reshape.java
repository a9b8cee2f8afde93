package io.kiln.op.shape;

import io.kiln.ndarray.Layout;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.op.GradientContext;
import io.kiln.op.ViewOperator;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * The same elements in row-major order, in another shape. One size may be -1: it follows from the others. A view where
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
    public View view(Layout x, Spec output) {
        long[] strides = strides(x, output.shape());
        return strides == null ? null : new View(strides, 0);
    }

    /** Strides of the new shape over the same memory, or null if there are none. */
    private static long[] strides(Layout x, Shape to) {
        if (x.isContiguous()) {
            return to.contiguousStrides();
        }
        // Axes of size 1 do not affect where elements lie; and no axis is empty, or x would be contiguous.
        int[] axes = IntStream.range(0, x.shape().rank())
                .filter(a -> x.shape().dim(a) != 1)
                .toArray();
        long[] size = IntStream.of(axes).mapToLong(x.shape()::dim).toArray();
        long[] stride = IntStream.of(axes).mapToLong(a -> x.strides()[a]).toArray();
        long[] result = new long[to.rank()];
        Arrays.fill(result, 1);
        int i = 0;
        int j = 0;
        while (i < size.length) {
            int i0 = i;
            int j0 = j;
            long from = size[i++];
            long into = to.dim(j++);
            while (from != into) {
                if (from < into) {
                    from *= size[i++];
                } else {
                    into *= to.dim(j++);
                }
            }
            for (int k = i0; k < i - 1; k++) {
                if (stride[k] != size[k + 1] * stride[k + 1]) {
                    return null;
                }
            }
            long s = stride[i - 1];
            for (int k = j - 1; k >= j0; k--) {
                result[k] = s;
                s *= to.dim(k);
            }
        }
        return result;
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        return new NDArray[] {c.outputGradient(0).reshape(c.input(0).shape())};
    }
}
