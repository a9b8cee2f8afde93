package io.kiln.op.internal;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.op.Custom;
import io.kiln.op.CustomOp;
import io.kiln.op.GradientContext;
import io.kiln.op.Opaque;
import java.util.Arrays;
import java.util.List;

/**
 * The gradient of {@link Custom}, by the user's code. Inputs: inputs and outputs of the operator, and gradients with respect to
 * some outputs. Outputs: gradients with respect to some inputs, of their shapes.
 *
 * @param op the user's code
 * @param outputs how many outputs it has
 * @param given numbers of the outputs whose gradients are inputs
 * @param wanted numbers of the inputs whose gradients are outputs
 */
public record CustomGradient(CustomOp op, int outputs, List<Long> given, List<Long> wanted) implements Opaque {
    @Override
    public Spec[] infer(Spec... inputs) {
        int n = inputs.length - outputs - given.size();
        if (n < 0
                || wanted.stream().anyMatch(i -> i < 0 || i >= n)
                || given.stream().anyMatch(i -> i < 0 || i >= outputs)) {
            throw new IllegalArgumentException("customGradient: " + inputs.length + " inputs do not fit " + this);
        }
        return wanted.stream().map(i -> inputs[i.intValue()]).toArray(Spec[]::new);
    }

    @Override
    public NDArray[] compose(NDArray... in) {
        int n = in.length - outputs - given.size();
        NDArray[] x = Arrays.copyOf(in, n);
        NDArray[] y = Arrays.copyOfRange(in, n, n + outputs);
        NDArray[] dy = new NDArray[outputs];
        for (int i = 0; i < outputs; i++) {
            int at = given.indexOf((long) i);
            dy[i] = at >= 0 ? in[n + outputs + at] : y[i].factory().zeros(y[i].shape(), y[i].dtype());
        }
        NDArray[] dx = op.backward(dy, x, y);
        if (dx.length != n) {
            throw new IllegalStateException(
                    "custom: backward of " + op + " gave " + dx.length + " gradients for " + n + " inputs");
        }
        return wanted.stream()
                .map(i -> checked(dx[i.intValue()], x[i.intValue()], i))
                .toArray(NDArray[]::new);
    }

    private NDArray checked(NDArray gradient, NDArray x, long input) {
        if (gradient == null) {
            return x.factory().zeros(x.shape(), x.dtype());
        }
        if (!gradient.spec().equals(x.spec())) {
            throw new ShapeException("custom: backward of " + op + " gave " + gradient.spec()
                    + " as the gradient of input " + input + ", which is " + x.spec());
        }
        return gradient;
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        return CompositeGradient.of(this, c);
    }
}
