package io.kiln.op.internal;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import java.util.Arrays;

/** Code shared by the gradients of the recurrent operators. */
public final class RecurrentGradient {
    private RecurrentGradient() {}

    /** Gradients of the forward operator's inputs from those of a gradient operator that gives one for both biases. */
    public static NDArray[] spread(NDArray[] d, int inputs, boolean sharedBias) {
        NDArray[] result = new NDArray[inputs];
        for (int i = 0, next = 0; i < inputs; i++) {
            if (sharedBias && i == RecurrentInputs.BH) {
                result[i] = d[RecurrentInputs.BI];
            } else if (next < d.length) {
                result[i] = d[next++];
            }
        }
        return result;
    }

    /** The outputs of a gradient operator that gives one gradient for both biases. */
    static Spec[] specs(RecurrentInputs inputs, int offset, Spec... all) {
        int n = inputs.varied();
        Spec[] specs = new Spec[n - 1];
        for (int i = 0, k = 0; i < n; i++) {
            if (i != RecurrentInputs.BH) {
                specs[k++] = all[offset + i];
            }
        }
        return specs;
    }

    static NDArray[] part(NDArray[] all, int from, int count) {
        return Arrays.copyOfRange(all, from, from + count);
    }

    /** The gradients by autograd through the composition; the second bias, whose gradient is that of the first, is left out. */
    static NDArray[] replay(Operator forward, RecurrentInputs inputs, NDArray[] heads, NDArray... given) {
        NDArray[] d = all(forward, inputs, heads, given);
        NDArray[] result = new NDArray[inputs.varied() - 1];
        for (int i = 0, k = 0; i < inputs.varied(); i++) {
            if (i != RecurrentInputs.BH) {
                result[k++] = d[i];
            }
        }
        return result;
    }

    /** The gradients by autograd through the composition, one per input. */
    static NDArray[] all(Operator forward, RecurrentInputs inputs, NDArray[] heads, NDArray... given) {
        return CompositeGradient.of(forward, new GradientContext() {
            @Override
            public NDArray input(int i) {
                return given[i];
            }

            @Override
            public int inputs() {
                return given.length;
            }

            @Override
            public NDArray output(int i) {
                throw new UnsupportedOperationException("a composition computes its outputs itself");
            }

            @Override
            public NDArray outputGradient(int i) {
                return i < heads.length ? heads[i] : null;
            }

            @Override
            public boolean needs(int i) {
                return i < inputs.varied();
            }

            @Override
            public boolean training() {
                return true;
            }
        });
    }
}
