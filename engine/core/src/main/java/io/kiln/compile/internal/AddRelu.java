package io.kiln.compile.internal;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.activation.Relu;
import io.kiln.op.math.Add;

/**
 * A sum and ReLU, \(y = \max(a + b, 0)\), of arrays of the same shape and dtype. It occurs in compiled programs only,
 * for dtypes whose pointwise programs are not fused.
 */
public record AddRelu() implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        return new Add().infer(inputs);
    }

    @Override
    public NDArray[] gradient(GradientContext context) {
        throw new UnsupportedOperationException("addRelu: programs are differentiated before they are fused");
    }

    @Override
    public NDArray[] compose(NDArray... in) {
        return new NDArray[] {Dispatch.one(new Relu(), in[0].add(in[1]))};
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        return Math.multiplyExact(2, outputs[0].shape().size());
    }
}
