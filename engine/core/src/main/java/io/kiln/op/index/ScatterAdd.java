package io.kiln.op.index;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;

/**
 * Adds entries at given indices of an axis; the reverse of {@link Gather}: for axis 0 y = x, then y[indices[i],…] +=
 * updates[i,…], in order of i. Inputs: x, indices (int32 or int64; negative ones count from the end), updates. Shapes:
 * y as x; updates as Gather gives. Dtype: as x.
 *
 * @param axis the axis; negative ones count from the end
 */
public record ScatterAdd(int axis) implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        Shape part = new Gather(axis).infer(inputs[0], inputs[1])[0].shape();
        if (inputs.length != 3 || !part.accepts(inputs[2].shape())) {
            throw new ShapeException("scatterAdd: x" + inputs[0].shape() + " and indices" + inputs[1].shape()
                    + " need updates" + part + ", got " + (inputs.length < 3 ? "none" : inputs[2].shape()));
        }
        if (inputs[2].dtype() != inputs[0].dtype()) {
            throw new IllegalArgumentException("scatterAdd: x and updates must be of one dtype, got " + inputs[0]
                    + " and " + inputs[2] + "; cast one of them");
        }
        return new Spec[] {inputs[0]};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        NDArray dy = c.outputGradient(0);
        return new NDArray[] {dy, null, c.needs(2) ? Dispatch.one(new Gather(axis, true), dy, c.input(1)) : null};
    }
}
