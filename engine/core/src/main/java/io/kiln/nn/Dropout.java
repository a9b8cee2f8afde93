package io.kiln.nn;

import io.kiln.ndarray.NDArray;
import io.kiln.op.Dispatch;

/** Drops elements in train mode, as in {@link io.kiln.op.nn.DropoutOp}. Shapes: y as x. */
public final class Dropout extends Block {
    private final io.kiln.op.nn.DropoutOp operator;

    /**
     * Creates a layer.
     *
     * @param rate probability that an element is dropped, in [0, 1)
     */
    public Dropout(double rate) {
        operator = new io.kiln.op.nn.DropoutOp(rate);
    }

    @Override
    public NDArray forward(NDArray x) {
        return Dispatch.one(operator, x);
    }
}
