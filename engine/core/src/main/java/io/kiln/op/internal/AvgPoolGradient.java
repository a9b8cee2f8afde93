package io.kiln.op.internal;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.DefaultValue;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.nn.AvgPool;
import java.util.List;

/**
 * The gradient of {@link AvgPool}: spreads each dy evenly over its window. Shapes: dy[N,C,out…], dx[N,C,spatial…].
 *
 * @param kernel size of the window
 * @param stride its step
 * @param pad its border
 * @param countPad whether the divisor counts the padding
 * @param spatial sizes of the pooled array's spatial axes
 * @param dilation distance between neighbours in the window
 * @param ceilMode whether the last window may reach beyond the border
 * @param divisor what every sum was divided by; 0 for the number of elements
 */
public record AvgPoolGradient(
        List<Long> kernel,
        List<Long> stride,
        List<Long> pad,
        boolean countPad,
        List<Long> spatial,
        @DefaultValue("[]") List<Long> dilation,
        @DefaultValue("false") boolean ceilMode,
        @DefaultValue("0") long divisor)
        implements Operator {
    /** Replaces an empty dilation by ones. */
    public AvgPoolGradient {
        dilation = Pools.dilation(kernel, dilation);
    }

    /**
     * Of a pooling without dilation, with windows inside the border only.
     *
     * @param kernel size of the window
     * @param stride its step
     * @param pad its border
     * @param countPad whether the divisor counts the padding
     * @param spatial sizes of the pooled array's spatial axes
     */
    public AvgPoolGradient(List<Long> kernel, List<Long> stride, List<Long> pad, boolean countPad, List<Long> spatial) {
        this(kernel, stride, pad, countPad, spatial, List.of(), false, 0);
    }

    @Override
    public Spec[] infer(Spec... inputs) {
        Shape dy = inputs[0].shape();
        return new Spec[] {new Spec(Window.withSpatial(dy, dy.dim(1), spatial), inputs[0].dtype())};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        return new NDArray[] {
            Dispatch.one(new AvgPool(kernel, stride, pad, countPad, dilation, ceilMode, divisor), c.outputGradient(0))
        };
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        return Math.multiplyExact(Pools.window(kernel), inputs[0].shape().size());
    }
}
