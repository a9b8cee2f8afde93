package io.kiln.op.shape;

import io.kiln.ndarray.Layout;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.GradientContext;
import io.kiln.op.ViewOperator;

/**
 * Inserts an axis of size 1. A view.
 *
 * @param axis where it stands in y; negative ones count from the end of y
 */
public record ExpandDims(int axis) implements ViewOperator {
    @Override
    public Spec[] infer(Spec... inputs) {
        return new Spec[] {new Spec(inputs[0].shape().insert(axis, 1), inputs[0].dtype())};
    }

    @Override
    public View view(Layout x, Spec output) {
        return new Reshape(output.shape()).view(x, output);
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        return new NDArray[] {c.outputGradient(0).reshape(c.input(0).shape())};
    }
}
