package io.kiln.op.internal;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.shape.Slice;
import java.util.List;

/**
 * The reverse of {@link Slice}: an array of zeros with x in the slice. Shapes: x as that slice; y as given. Dtype: as
 * x.
 *
 * @param shape shape of the result
 * @param start first index per axis; axes behind the last one stay whole
 * @param stop bound per axis, not included
 * @param step distance per axis, not 0
 */
public record Unslice(Shape shape, List<Long> start, List<Long> stop, List<Long> step) implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        Shape part = SliceRange.shape(name(), shape, start, stop, step);
        if (!part.accepts(inputs[0].shape())) {
            throw new ShapeException(
                    "unslice: the slice of " + shape + " has shape " + part + ", got x" + inputs[0].shape());
        }
        return new Spec[] {new Spec(shape, inputs[0].dtype())};
    }

    @Override
    public NDArray[] compose(NDArray... inputs) {
        NDArray x = inputs[0];
        NDArray y = x.newArray(new Spec(shape, x.dtype()));
        y.fill(0);
        try (NDArray part = SliceRange.view(y, x.shape(), start, step)) {
            part.assign(x);
        }
        return new NDArray[] {y};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        return new NDArray[] {Dispatch.one(new Slice(start, stop, step), c.outputGradient(0))};
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        return 0;
    }
}
