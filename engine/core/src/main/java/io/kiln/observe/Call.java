package io.kiln.observe;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.Operator;
import io.kiln.op.ViewOperator;

/**
 * One run of an operator.
 *
 * @param place the node or block that called it and the operator's name, such as {@code layer1.0.conv1/convolution}; in
 *     a backward pass the place of the call being differentiated
 * @param operator the operator
 * @param phase forward or backward
 * @param depth 0 for an operator that the network called, more for the parts of a composed operator
 * @param inputs its inputs
 * @param outputs its outputs
 * @param time when it ran
 */
public record Call(
        String place, Operator operator, Phase phase, int depth, NDArray[] inputs, NDArray[] outputs, Interval time) {
    /** The pass that a call belongs to. */
    public enum Phase {
        /** Computes outputs from inputs. */
        FORWARD,
        /** Computes gradients of inputs from gradients of outputs. */
        BACKWARD
    }

    /**
     * Floating-point operations of the call, {@link Operator#flops}.
     *
     * @return a count
     */
    public long flops() {
        return operator.flops(specs(inputs), specs(outputs));
    }

    /**
     * The minimum memory traffic of the call: each input read once, each output written once; 0 for a view.
     *
     * @return bytes
     */
    public long bytes() {
        if (operator instanceof ViewOperator) {
            return 0;
        }
        long sum = 0;
        for (NDArray x : inputs) {
            sum += x.size() * x.dtype().bytes();
        }
        for (NDArray x : outputs) {
            sum += x.size() * x.dtype().bytes();
        }
        return sum;
    }

    private static Spec[] specs(NDArray... arrays) {
        Spec[] specs = new Spec[arrays.length];
        for (int i = 0; i < specs.length; i++) {
            specs[i] = arrays[i].spec();
        }
        return specs;
    }
}
