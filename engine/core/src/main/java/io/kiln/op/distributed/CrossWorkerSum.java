package io.kiln.op.distributed;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Opaque;
import io.kiln.op.internal.AcrossWorkers;

/**
 * The sum over the workers of the calling thread's {@linkplain Workers group}; the array itself for a single worker.
 * Shapes and dtype: y as x, which is floating and equal in shape on all workers. The gradient is summed likewise.
 */
public record CrossWorkerSum() implements AcrossWorkers, Opaque {
    @Override
    public Spec[] infer(Spec... inputs) {
        if (!inputs[0].dtype().isFloating()) {
            throw new IllegalArgumentException(
                    "crossWorkerSum: needs a floating dtype, got " + inputs[0] + "; cast it first");
        }
        return inputs.clone();
    }

    @Override
    public NDArray[] compose(NDArray... inputs) {
        NDArray y = inputs[0].copy();
        Workers.sum(y);
        return new NDArray[] {y};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        return new NDArray[] {Dispatch.one(new CrossWorkerSum(), c.outputGradient(0))};
    }
}
