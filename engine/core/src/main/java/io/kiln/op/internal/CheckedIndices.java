package io.kiln.op.internal;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.GradientContext;
import io.kiln.op.Opaque;

/**
 * Indices as they are, after a check that each is from 0 to n-1. Input: indices[…], int32 or int64. Output: the same.
 * For operators that are composed of others, which would name themselves, or count negative indices from the end.
 *
 * @param operation the operation that the indices are for, named in errors
 * @param argument what they are called there, such as {@code segments}
 * @param count n
 */
public record CheckedIndices(String operation, String argument, long count) implements Opaque {
    @Override
    public Spec[] infer(Spec... inputs) {
        Indices.check(operation, inputs[0]);
        return new Spec[] {inputs[0]};
    }

    @Override
    public NDArray[] compose(NDArray... inputs) {
        AlongAxis.checkRange(operation, argument, inputs[0], count);
        return new NDArray[] {inputs[0].cast(inputs[0].dtype())};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        return new NDArray[1];
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        return 0;
    }
}
