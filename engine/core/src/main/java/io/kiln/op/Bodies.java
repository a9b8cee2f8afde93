package io.kiln.op;

import io.kiln.autograd.Autograd;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;

/** What operators that run graphs have in common. */
final class Bodies {
    private Bodies() {}

    /** Checks that what a body gives back as a state can go into it again. */
    static void checkState(String operation, int state, Spec before, Spec after) {
        if (before.dtype() != after.dtype() || !before.shape().accepts(after.shape())) {
            throw new ShapeException(operation + ": state " + state + " begins as " + before
                    + " and the body gives it back as " + after + "; shape and dtype must stay");
        }
    }

    /** The same array again as one of its own, recorded while autograd records. */
    static NDArray alias(NDArray x) {
        return Dispatch.one(new Alias(), x);
    }

    /** Train or predict mode, recording as it is. */
    static Autograd.Mode mode(boolean training) {
        return training ? Autograd.trainMode() : Autograd.predictMode();
    }
}
