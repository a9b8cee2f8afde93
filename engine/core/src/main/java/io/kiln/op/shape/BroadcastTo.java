package io.kiln.op.shape;

import io.kiln.ndarray.Layout;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.op.GradientContext;
import io.kiln.op.ViewOperator;
import io.kiln.op.internal.Broadcasting;

/**
 * Repeats an array along axes of size 1, and along new leading axes, without copying (stride 0).
 *
 * @param shape the new shape
 */
public record BroadcastTo(Shape shape) implements ViewOperator {
    @Override
    public Spec[] infer(Spec... inputs) {
        Shape x = inputs[0].shape();
        if (!Shape.broadcast(x, shape, "broadcastTo").equals(shape)) {
            throw new ShapeException("broadcastTo: x" + x + " does not broadcast to " + shape);
        }
        return new Spec[] {new Spec(shape, inputs[0].dtype())};
    }

    @Override
    public View view(Layout x, Spec output) {
        return new View(strides(x, output.shape()), 0);
    }

    /**
     * The strides of an array viewed in a shape to which it broadcasts.
     *
     * @param x layout of the array
     * @param shape the shape
     * @return strides in elements, 0 along repeated axes
     */
    public static long[] strides(Layout x, Shape shape) {
        long[] strides = new long[shape.rank()];
        int extra = shape.rank() - x.shape().rank();
        for (int i = extra; i < strides.length; i++) {
            long d = x.shape().dim(i - extra);
            if (d != 1 && d != shape.dim(i)) {
                throw new ShapeException("broadcast: x" + x.shape() + " does not broadcast to " + shape);
            }
            strides[i] = d == 1 ? 0 : x.strides()[i - extra];
        }
        return strides;
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        return new NDArray[] {
            Broadcasting.reduceTo(c.outputGradient(0), c.input(0).shape())
        };
    }
}
