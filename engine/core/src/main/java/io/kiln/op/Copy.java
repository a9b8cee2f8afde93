package io.kiln.op;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;

/** A row-major copy: \(y = x\). Shapes: y as x. Dtype: as x. */
public record Copy() implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        return inputs;
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        return new NDArray[] {c.outputGradient(0)};
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        return 0;
    }
}
