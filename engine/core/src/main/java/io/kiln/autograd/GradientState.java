package io.kiln.autograd;

import io.kiln.ndarray.AutogradMeta;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.RowSparse;

/** Autograd's state of one array: how it was computed, or that it is a variable, with its gradient. */
final class GradientState implements AutogradMeta {
    final TapeNode producer;
    final GradReq request;
    /** Whether the gradient is kept by rows if an operator supports it. */
    final boolean byRows;

    NDArray gradient;
    /** The last gradient if it is kept by rows; the dense one is then null. */
    RowSparse rows;
    /** Whether a backward pass has written the gradient since it was last consumed. */
    boolean fresh;

    GradientState(TapeNode producer, GradReq request) {
        this(producer, request, false);
    }

    GradientState(TapeNode producer, GradReq request, boolean byRows) {
        this.producer = producer;
        this.byRows = byRows;
        this.request = request;
    }

    /** The state of an array; null if no gradient flows through it. */
    static GradientState of(NDArray x) {
        return (GradientState) x.gradientState();
    }

    /** Frees the last gradient. */
    void clear() {
        if (gradient != null) {
            gradient.close();
            gradient = null;
        }
        if (rows != null) {
            rows.close();
            rows = null;
        }
    }

    boolean isVariable() {
        return producer == null;
    }
}
