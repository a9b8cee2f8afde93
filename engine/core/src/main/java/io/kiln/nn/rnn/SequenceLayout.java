package io.kiln.nn.rnn;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.ShapeException;

/** The order of the first two axes of a sequence. */
public enum SequenceLayout {
    /** Step, batch, features: [T,N,…]. */
    TNC,
    /** Batch, step, features: [N,T,…]. */
    NTC;

    /** The axis of the steps. */
    int axis() {
        return this == TNC ? 0 : 1;
    }

    /** The sequence with steps first, or converted back. */
    NDArray stepsFirst(NDArray sequence) {
        int rank = sequence.shape().rank();
        if (rank < 3) {
            throw new ShapeException("sequence: expected " + (this == TNC ? "[T,N,…]" : "[N,T,…]")
                    + " with features behind, got " + sequence.shape());
        }
        if (this == TNC) {
            return sequence;
        }
        int[] axes = new int[rank];
        for (int i = 0; i < rank; i++) {
            axes[i] = i < 2 ? 1 - i : i;
        }
        return sequence.transpose(axes);
    }
}
