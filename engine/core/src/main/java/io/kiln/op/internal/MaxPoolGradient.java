package io.kiln.op.internal;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.DefaultValue;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.nn.MaxPool;
import java.util.List;

/**
 * The gradient of {@link MaxPool}: adds each dy at the position of its maximum. Shapes: dy[N,C,out…], index[N,C,out…]
 * (second output of the pooling), dx[N,C,spatial…].
 *
 * @param kernel size of the window
 * @param stride its step
 * @param pad its border
 * @param spatial sizes of the pooled array's spatial axes
 * @param dilation distance between neighbours in the window
 */
public record MaxPoolGradient(
        List<Long> kernel,
        List<Long> stride,
        List<Long> pad,
        List<Long> spatial,
        @DefaultValue("[]") List<Long> dilation)
        implements Operator {
    /** Replaces an empty dilation by ones. */
    public MaxPoolGradient {
        dilation = Pools.dilation(kernel, dilation);
    }

    /**
     * Of a pooling without dilation.
     *
     * @param kernel size of the window
     * @param stride its step
     * @param pad its border
     * @param spatial sizes of the pooled array's spatial axes
     */
    public MaxPoolGradient(List<Long> kernel, List<Long> stride, List<Long> pad, List<Long> spatial) {
        this(kernel, stride, pad, spatial, List.of());
    }

    @Override
    public Spec[] infer(Spec... inputs) {
        Shape dy = inputs[0].shape();
        return new Spec[] {new Spec(Window.withSpatial(dy, dy.dim(1), spatial), inputs[0].dtype())};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        return new NDArray[] {
            Dispatch.one(new MaxPoolGather(kernel, stride, pad, dilation), c.outputGradient(0), c.input(1)), null
        };
    }
}
