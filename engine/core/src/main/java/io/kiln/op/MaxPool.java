package io.kiln.op;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import java.util.List;

/**
 * Largest element of a window that slides over the spatial axes. Padding never wins. Shapes: x[N,C,spatial…],
 * y[N,C,⌊(size + 2 pad − kernel)/stride⌋ + 1…]. A second output says where in its window each maximum stood, as row-major
 * index into the window (uint8 up to 256 elements, else int32); of equal elements the first counts.
 *
 * @param kernel size of the window along each spatial axis
 * @param stride its step
 * @param pad border in front of and behind each spatial axis, at most half the kernel
 */
public record MaxPool(List<Long> kernel, List<Long> stride, List<Long> pad) implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        Shape x = inputs[0].shape();
        Shape y = Window.slide(
                "maxPool", x, x.dim(1), kernel, stride, pad, ConvolutionWeightGradient.ones(kernel.size()));
        Pools.checkPad("maxPool", kernel, pad);
        long window = kernel.stream().reduce(1L, Math::multiplyExact);
        return new Spec[] {new Spec(y, inputs[0].dtype()), new Spec(y, window <= 256 ? DType.UINT8 : DType.INT32)};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        return new NDArray[] {
            Dispatch.one(
                    new MaxPoolGradient(
                            kernel, stride, pad, Window.spatial(c.input(0).shape())),
                    c.outputGradient(0),
                    c.output(1))
        };
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        return Math.multiplyExact(Pools.window(kernel), outputs[0].shape().size());
    }
}
