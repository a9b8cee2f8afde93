package io.kiln.op;

import io.kiln.autograd.Autograd;
import io.kiln.ndarray.NDArray;
import java.util.ArrayList;
import java.util.List;

/**
 * The gradient of a fused operator through its composition. Fused gradient operators use it for their own gradients: second
 * derivatives are then right, if not as fast as the first ones.
 */
final class CompositeGradient {
    private CompositeGradient() {}

    /**
     * The gradient of a composed operator of one output as a composition itself, one array per floating input: what a fused
     * gradient operator falls back on.
     */
    static NDArray[] of(Operator operator, NDArray dy, NDArray... inputs) {
        NDArray[] all = of(operator, new Detached(dy, inputs));
        List<NDArray> floating = new ArrayList<>();
        for (int i = 0; i < inputs.length; i++) {
            if (inputs[i].dtype().isFloating()) {
                floating.add(all[i] == null ? Creation.zerosLike(inputs[i]) : all[i]);
            }
        }
        return floating.toArray(NDArray[]::new);
    }

    /** The context of an operator that is not on the tape. */
    private record Detached(NDArray dy, NDArray... arrays) implements GradientContext {
        @Override
        public NDArray input(int i) {
            return arrays[i];
        }

        @Override
        public int inputs() {
            return arrays.length;
        }

        @Override
        public NDArray output(int i) {
            throw new IllegalStateException("gradient: the outputs of a composition are not kept");
        }

        @Override
        public NDArray outputGradient(int i) {
            return dy;
        }

        @Override
        public boolean needs(int i) {
            return arrays[i].dtype().isFloating();
        }

        @Override
        public boolean training() {
            return Autograd.isTraining();
        }
    }

    static NDArray[] of(Operator operator, GradientContext c) {
        boolean higher = Autograd.isRecording();
        NDArray[] inputs = new NDArray[c.inputs()];
        List<NDArray> variables = new ArrayList<>();
        List<NDArray> heads = new ArrayList<>();
        List<NDArray> headGradients = new ArrayList<>();
        try (Autograd.Mode record = Autograd.record()) {
            for (int i = 0; i < inputs.length; i++) {
                inputs[i] = Dispatch.one(new Alias(), c.input(i));
                if (c.needs(i)) {
                    if (inputs[i].gradientState() == null) {
                        Autograd.attachGradient(inputs[i]);
                    }
                    variables.add(inputs[i]);
                }
            }
            NDArray[] outputs = operator.compose(inputs);
            for (int i = 0; i < outputs.length; i++) {
                if (c.outputGradient(i) != null && outputs[i].gradientState() != null) {
                    heads.add(outputs[i]);
                    headGradients.add(c.outputGradient(i));
                }
            }
        }
        NDArray[] result = new NDArray[inputs.length];
        if (!heads.isEmpty()) {
            List<NDArray> gradients = Autograd.grad(heads, variables, headGradients, higher, higher);
            for (int i = 0, k = 0; i < result.length; i++) {
                result[i] = c.needs(i) ? gradients.get(k++) : null;
            }
        }
        return result;
    }
}
