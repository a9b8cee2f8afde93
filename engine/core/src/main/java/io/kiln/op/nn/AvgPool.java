package io.kiln.op.nn;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.DefaultValue;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.internal.AvgPoolGradient;
import io.kiln.op.internal.Pools;
import io.kiln.op.internal.Window;
import java.util.List;

/**
 * Mean of a window that slides over the spatial axes. Shapes: x[N,C,spatial…], y[N,C,⌊(size + 2 pad − span)/stride⌋ +
 * 1…], where span = dilation (kernel − 1) + 1; in ceil mode the quotient is rounded up, except for a window that would
 * start after the last element. Elements beyond the border never count.
 *
 * @param kernel size of the window along each spatial axis
 * @param stride its step
 * @param pad zeros in front of and behind each spatial axis, at most half the span
 * @param countPad whether the divisor counts the padding
 * @param dilation distance between neighbours in the window
 * @param ceilMode whether the last window may reach beyond the border
 * @param divisor what every sum is divided by; 0 for the number of elements
 */
public record AvgPool(
        List<Long> kernel,
        List<Long> stride,
        List<Long> pad,
        boolean countPad,
        @DefaultValue("[]") List<Long> dilation,
        @DefaultValue("false") boolean ceilMode,
        @DefaultValue("0") long divisor)
        implements Operator {
    /** Replaces an empty dilation by ones. */
    public AvgPool {
        dilation = Pools.dilation(kernel, dilation);
        if (divisor < 0) {
            throw new IllegalArgumentException(
                    "avgPool: divisor must be at least 1, or 0 for the number of elements, got " + divisor);
        }
    }

    /**
     * Without dilation, and with windows inside the border only.
     *
     * @param kernel size of the window along each spatial axis
     * @param stride its step
     * @param pad zeros in front of and behind each spatial axis, at most half the kernel
     * @param countPad whether the divisor counts the padding
     */
    public AvgPool(List<Long> kernel, List<Long> stride, List<Long> pad, boolean countPad) {
        this(kernel, stride, pad, countPad, List.of(), false, 0);
    }

    @Override
    public Spec[] infer(Spec... inputs) {
        return new Spec[] {
            new Spec(Pools.slide(name(), inputs[0].shape(), kernel, stride, pad, dilation, ceilMode), inputs[0].dtype())
        };
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        List<Long> spatial = Window.spatial(c.input(0).shape());
        return new NDArray[] {
            Dispatch.one(
                    new AvgPoolGradient(kernel, stride, pad, countPad, spatial, dilation, ceilMode, divisor),
                    c.outputGradient(0))
        };
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        return Math.multiplyExact(Pools.window(kernel), outputs[0].shape().size());
    }
}
