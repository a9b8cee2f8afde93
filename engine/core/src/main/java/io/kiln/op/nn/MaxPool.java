package io.kiln.op.nn;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.DefaultValue;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.internal.MaxPoolGradient;
import io.kiln.op.internal.Pools;
import io.kiln.op.internal.Window;
import java.util.List;

/**
 * Largest element of a window that slides over the spatial axes. Padding never wins. Shapes: x[N,C,spatial…],
 * y[N,C,⌊(size + 2 pad − span)/stride⌋ + 1…], where span = dilation (kernel − 1) + 1; in ceil mode the quotient is
 * rounded up, except for a window that would start after the last element. The second output holds the position of each
 * maximum as a row-major index into its window (uint8 up to 256 elements, else int32); of equal elements the first
 * counts.
 *
 * @param kernel size of the window along each spatial axis
 * @param stride its step
 * @param pad border in front of and behind each spatial axis, at most half the span
 * @param dilation distance between neighbours in the window
 * @param ceilMode whether the last window may reach beyond the border
 */
public record MaxPool(
        List<Long> kernel,
        List<Long> stride,
        List<Long> pad,
        @DefaultValue("[]") List<Long> dilation,
        @DefaultValue("false") boolean ceilMode)
        implements Operator {
    /** Replaces an empty dilation by ones. */
    public MaxPool {
        dilation = Pools.dilation(kernel, dilation);
    }

    /**
     * Without dilation, and with windows inside the border only.
     *
     * @param kernel size of the window along each spatial axis
     * @param stride its step
     * @param pad border in front of and behind each spatial axis, at most half the kernel
     */
    public MaxPool(List<Long> kernel, List<Long> stride, List<Long> pad) {
        this(kernel, stride, pad, List.of(), false);
    }

    @Override
    public Spec[] infer(Spec... inputs) {
        Shape y = Pools.slide(name(), inputs[0].shape(), kernel, stride, pad, dilation, ceilMode);
        long window = Pools.window(kernel);
        return new Spec[] {new Spec(y, inputs[0].dtype()), new Spec(y, window <= 256 ? DType.UINT8 : DType.INT32)};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        List<Long> spatial = Window.spatial(c.input(0).shape());
        return new NDArray[] {
            Dispatch.one(new MaxPoolGradient(kernel, stride, pad, spatial, dilation), c.outputGradient(0), c.output(1))
        };
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        return Math.multiplyExact(Pools.window(kernel), outputs[0].shape().size());
    }
}
