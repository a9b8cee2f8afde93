package io.kiln.op;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import java.util.List;

/**
 * Takes from each window the element at a given place: the transpose of {@link MaxPoolGradient}. Shapes: x[N,C,spatial…],
 * index[N,C,out…] as {@link MaxPool} gives it, y[N,C,out…].
 *
 * @param kernel size of the window
 * @param stride its step
 * @param pad its border
 */
public record MaxPoolGather(List<Long> kernel, List<Long> stride, List<Long> pad) implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        Shape x = inputs[0].shape();
        Window.check(name(), x, kernel, stride, pad, ConvolutionWeightGradient.ones(kernel.size()));
        return new Spec[] {new Spec(inputs[1].shape(), inputs[0].dtype())};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        return new NDArray[] {
            Dispatch.one(
                    new MaxPoolGradient(
                            kernel, stride, pad, Window.spatial(c.input(0).shape())),
                    c.outputGradient(0),
                    c.input(1)),
            null
        };
    }
}
