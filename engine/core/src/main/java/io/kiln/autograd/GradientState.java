package io.kiln.autograd;

import io.kiln.ndarray.NDArray;

/** What autograd knows of one array: how it was computed, or that it is a variable with a gradient of its own. */
public final class GradientState {
    final TapeNode producer;
    final GradReq request;
    NDArray gradient;
    /** Whether a backward pass has written the gradient since it was last consumed. */
    boolean fresh;

    GradientState(TapeNode producer, GradReq request) {
        this.producer = producer;
        this.request = request;
    }

    boolean isVariable() {
        return producer == null;
    }
}
