package io.kiln.autograd;

import io.kiln.ndarray.NDArray;
import io.kiln.op.Operator;
import io.kiln.op.Probe;

/** One recorded call: the operator (or custom function), its inputs and its outputs. */
final class TapeNode {
    final Operator operator;
    final Function function;
    final NDArray[] inputs;
    final GradientState[] inputStates;
    final NDArray[] outputs;
    final GradientState[] outputStates;
    final boolean training;
    final long sequence;
    /** The place of the call in the network; null if nothing observed it. */
    final String place;

    boolean consumed;
    private final int[] versions;

    TapeNode(
            Operator operator,
            Function function,
            NDArray[] inputs,
            NDArray[] outputs,
            boolean training,
            long sequence) {
        this.operator = operator;
        this.function = function;
        this.inputs = inputs.clone();
        this.outputs = outputs.clone();
        this.training = training;
        this.sequence = sequence;
        Probe probe = Probe.ofThread();
        this.place = probe == null ? null : probe.place(name());
        this.versions = new int[inputs.length];
        this.inputStates = new GradientState[inputs.length];
        for (int i = 0; i < inputs.length; i++) {
            versions[i] = inputs[i].storage().version();
            inputStates[i] = GradientState.of(inputs[i]);
        }
        this.outputStates = new GradientState[outputs.length];
        for (int i = 0; i < outputs.length; i++) {
            if (outputs[i].dtype().isFloating()) {
                outputStates[i] = new GradientState(this, GradReq.NULL);
                outputs[i].gradientState(outputStates[i]);
            }
        }
    }

    String name() {
        return operator != null ? operator.name() : function.getClass().getSimpleName();
    }

    void checkNotConsumed() {
        if (consumed) {
            throw new IllegalStateException(
                    "backward: " + name() + " was already differentiated; record it again, or pass"
                            + " retainGraph = true to the earlier pass");
        }
    }

    /**
     * An input as it was when the call was recorded: a gradient computed from one that has changed since would be
     * silently wrong. Only inputs that a gradient uses are checked, so running statistics may change.
     */
    NDArray input(int i) {
        NDArray x = inputs[i];
        if (!x.isClosed() && x.storage().version() != versions[i]) {
            throw new IllegalStateException("backward: input " + i + " of " + name() + ", " + x.spec()
                    + ", was overwritten in place after it was recorded; copy it before, or update it after backward");
        }
        return x;
    }
}
