package io.kiln.op;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;

/**
 * Converts to another element type. Shapes: y as x. Floating to integer cuts towards zero; anything but 0 to bool is
 * true; to a narrower floating type rounds to nearest even.
 *
 * @param dtype the new type
 */
public record Cast(DType dtype) implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        return new Spec[] {new Spec(inputs[0].shape(), dtype)};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        return new NDArray[] {c.outputGradient(0).cast(c.input(0).dtype())};
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        return 0;
    }
}
