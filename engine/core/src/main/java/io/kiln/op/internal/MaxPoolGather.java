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
 * Takes from each window the element at a given position: the transpose of {@link MaxPoolGradient}. Shapes:
 * x[N,C,spatial…], index[N,C,out…] as {@link MaxPool} gives it, y[N,C,out…].
 *
 * @param kernel size of the window
 * @param stride its step
 * @param pad its border
 * @param dilation distance between neighbours in the window
 */
public record MaxPoolGather(
        List<Long> kernel, List<Long> stride, List<Long> pad, @DefaultValue("[]") List<Long> dilation)
        implements Operator {
    /** Replaces an empty dilation by ones. */
    public MaxPoolGather {
        dilation = Pools.dilation(kernel, dilation);
    }

    /**
     * From windows without dilation.
     *
     * @param kernel size of the window
     * @param stride its step
     * @param pad its border
     */
    public MaxPoolGather(List<Long> kernel, List<Long> stride, List<Long> pad) {
        this(kernel, stride, pad, List.of());
    }

    @Override
    public Spec[] infer(Spec... inputs) {
        Shape x = inputs[0].shape();
        Window.check(name(), x, kernel, stride, pad, dilation);
        return new Spec[] {new Spec(inputs[1].shape(), inputs[0].dtype())};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        return new NDArray[] {
            Dispatch.one(
                    new MaxPoolGradient(
                            kernel, stride, pad, Window.spatial(c.input(0).shape()), dilation),
                    c.outputGradient(0),
                    c.input(1)),
            null
        };
    }
}
