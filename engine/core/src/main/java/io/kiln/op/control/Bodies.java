package io.kiln.op.control;

import io.kiln.autograd.Autograd;
import io.kiln.graph.Graph;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.op.Alias;
import io.kiln.op.Dispatch;
import java.util.List;

/** What operators that run graphs have in common. */
final class Bodies {
    private Bodies() {}

    /** Checks that a state returned by a body can be passed to it again. */
    static void checkState(String operation, int state, Spec before, Spec after) {
        if (before.dtype() != after.dtype() || !before.shape().accepts(after.shape())) {
            throw new ShapeException(operation + ": state " + state + " begins as " + before
                    + " and the body gives it back as " + after + "; shape and dtype must stay");
        }
    }

    /**
     * Frees the states of a step when the next one has its own: long loops would otherwise hold all of them. While autograd
     * records they are needed; a state that is an input of the loop or of the body, or an output as well, is left alone.
     */
    static void release(Graph body, long step, int states, NDArray[] arguments, int at) {
        if (step == 0 || Autograd.isRecording()) {
            return;
        }
        List<Graph.Ref> refs = body.outputs();
        int first = refs.size() - states;
        for (int i = 0; i < states; i++) {
            Graph.Ref r = refs.get(first + i);
            boolean own = r.value() >= body.variableCount() && refs.indexOf(r) == refs.lastIndexOf(r);
            if (own && !refs.contains(new Graph.Ref(at + i, 0))) {
                arguments[at + i].close();
            }
        }
    }

    /** The same array as a new one, recorded while autograd records. */
    static NDArray alias(NDArray x) {
        return Dispatch.one(new Alias(), x);
    }

    /** Train or predict mode, recording as it is. */
    static Autograd.Mode mode(boolean training) {
        return training ? Autograd.trainMode() : Autograd.predictMode();
    }
}
