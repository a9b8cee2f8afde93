package io.kiln.op;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import java.util.List;

/**
 * Mean of a window that slides over the spatial axes. Shapes: x[N,C,spatial…],
 * y[N,C,⌊(size + 2 pad − kernel)/stride⌋ + 1…].
 *
 * @param kernel size of the window along each spatial axis
 * @param stride its step
 * @param pad zeros in front of and behind each spatial axis, at most half the kernel
 * @param countPad whether the divisor counts the padding
 */
public record AvgPool(List<Long> kernel, List<Long> stride, List<Long> pad, boolean countPad) implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        Shape x = inputs[0].shape();
        Pools.checkPad("avgPool", kernel, pad);
        Shape y = Window.slide(
                "avgPool", x, x.dim(1), kernel, stride, pad, ConvolutionWeightGradient.ones(kernel.size()));
        return new Spec[] {new Spec(y, inputs[0].dtype())};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        return new NDArray[] {
            Dispatch.one(
                    new AvgPoolGradient(
                            kernel,
                            stride,
                            pad,
                            countPad,
                            Window.spatial(c.input(0).shape())),
                    c.outputGradient(0))
        };
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        return Math.multiplyExact(Pools.window(kernel), outputs[0].shape().size());
    }
}
