package io.kiln.op.shape;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;

/**
 * Concatenates arrays along an axis. Shapes: equal but for that axis, along which sizes add up. Dtype: the promoted
 * one.
 *
 * @param axis the axis; negative ones count from the end
 */
public record Concat(int axis) implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        if (inputs.length == 0) {
            throw new IllegalArgumentException("concat: needs one input at least");
        }
        Shape shape = inputs[0].shape();
        DType dtype = inputs[0].dtype();
        int a = shape.axis(axis);
        for (int i = 1; i < inputs.length; i++) {
            shape = joined(shape, inputs[i].shape(), a, i);
            dtype = dtype.promote(inputs[i].dtype());
        }
        return new Spec[] {new Spec(shape, dtype)};
    }

    @Override
    public NDArray[] compose(NDArray... inputs) {
        Spec[] specs = new Spec[inputs.length];
        for (int i = 0; i < specs.length; i++) {
            specs[i] = inputs[i].spec();
        }
        Spec spec = infer(specs)[0];
        int a = spec.shape().axis(axis);
        NDArray y = inputs[0].newArray(spec);
        long start = 0;
        for (NDArray x : inputs) {
            if (x.size() > 0) {
                try (NDArray part = y.view(x.shape(), y.strides(), start * y.strides()[a])) {
                    part.assign(x);
                }
            }
            start += x.shape().dim(a);
        }
        return new NDArray[] {y};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        NDArray dy = c.outputGradient(0);
        int a = dy.shape().axis(axis);
        NDArray[] dx = new NDArray[c.inputs()];
        long start = 0;
        for (int i = 0; i < dx.length; i++) {
            long n = c.input(i).shape().dim(a);
            dx[i] = c.needs(i) ? dy.slice(a, start, start + n) : null;
            start += n;
        }
        return dx;
    }

    private static Shape joined(Shape before, Shape next, int axis, int input) {
        boolean fits = before.rank() == next.rank();
        long[] d = before.dims();
        for (int i = 0; fits && i < d.length; i++) {
            long n = next.dim(i);
            if (i == axis) {
                d[i] = d[i] == Shape.UNKNOWN || n == Shape.UNKNOWN ? Shape.UNKNOWN : Math.addExact(d[i], n);
            } else {
                fits = d[i] == n || d[i] == Shape.UNKNOWN || n == Shape.UNKNOWN;
                d[i] = d[i] == Shape.UNKNOWN ? n : d[i];
            }
        }
        if (!fits) {
            throw new ShapeException("concat: input " + input + next + " does not fit the inputs before it, " + before
                    + " together: sizes may differ along axis " + axis + " only");
        }
        return Shape.of(d);
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        return 0;
    }
}
