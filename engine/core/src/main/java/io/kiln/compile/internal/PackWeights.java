package io.kiln.compile.internal;

import io.kiln.compile.Packing;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;

/**
 * Weights of a convolution w[O,C/groups,kernel…] in the device's layout, for a {@link FusedConvolution} with this
 * packing. It occurs in compiled programs only.
 *
 * @param groups number of groups of channels
 * @param packing the layout
 */
public record PackWeights(long groups, Packing packing) implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        return new Spec[] {packing.packed()};
    }

    @Override
    public NDArray[] gradient(GradientContext context) {
        throw new UnsupportedOperationException("packWeights: programs are differentiated before they are fused");
    }
}
