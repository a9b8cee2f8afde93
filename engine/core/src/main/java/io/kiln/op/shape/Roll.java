package io.kiln.op.shape;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;

/**
 * Rotates elements along an axis; those that leave at one end re-enter at the other: y[i] = x[(i - shift) mod n].
 * Shapes: y as x. Dtype: as x.
 *
 * @param shift by how many places, towards the end; negative for towards the beginning
 * @param axis the axis; negative ones count from the end
 */
public record Roll(long shift, int axis) implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        inputs[0].shape().axis(axis);
        return new Spec[] {inputs[0]};
    }

    @Override
    public NDArray[] compose(NDArray... inputs) {
        NDArray x = inputs[0];
        long n = x.shape().dim(axis);
        long cut = n == 0 ? 0 : Math.floorMod(-shift, n);
        return new NDArray[] {
            cut == 0 ? x.copy() : Dispatch.one(new Concat(axis), x.slice(axis, cut, n), x.slice(axis, 0, cut))
        };
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        return new NDArray[] {Dispatch.one(new Roll(-shift, axis), c.outputGradient(0))};
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        return 0;
    }
}
