package io.kiln.nn;

import io.kiln.ndarray.NDArray;
import io.kiln.op.Dispatch;

/** Flattens all axes after the batch: x[N,a,b,…] becomes y[N,a·b·…]. */
public final class Flatten extends Block {
    /** Creates the layer. */
    public Flatten() {}

    @Override
    public NDArray forward(NDArray x) {
        return Dispatch.one(new io.kiln.op.shape.FlattenOp(1), x);
    }
}
