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
