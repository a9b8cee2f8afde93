package io.kiln.op.shape;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Opaque;
import java.util.List;

/**
 * Reverses the order along axes. Shapes: y as x. Dtype: as x.
 *
 * @param axes the axes, each once; negative ones count from the end
 */
public record Flip(List<Long> axes) implements Opaque {
    @Override
    public Spec[] infer(Spec... inputs) {
        for (long a : axes) {
            inputs[0].shape().axis(Math.toIntExact(a));
        }
        return inputs;
    }

    @Override
    public NDArray[] compose(NDArray... inputs) {
        NDArray x = inputs[0];
        long[] strides = x.strides().clone();
        long start = 0;
        for (long a : axes) {
            int axis = x.shape().axis(Math.toIntExact(a));
            start += Math.max(0, x.shape().dim(axis) - 1) * strides[axis];
            strides[axis] = -strides[axis];
        }
        try (NDArray reversed = x.view(x.shape(), strides, x.size() == 0 ? 0 : start)) {
            return new NDArray[] {reversed.copy()};
        }
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        return new NDArray[] {Dispatch.one(this, c.outputGradient(0))};
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        return 0;
    }
}
