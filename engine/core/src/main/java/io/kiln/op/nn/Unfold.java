package io.kiln.op.nn;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.internal.Window;
import java.util.List;

/**
 * Windows of images as columns (im2col): y[n,c K + k,p] is element k of window p of channel c, K elements and L windows in
 * row-major order; 0 in the border. Shapes: x[N,C,spatial…], y[N,C K,L]. Dtype: as x, floating.
 *
 * @param kernel size of the window along each spatial axis
 * @param stride its step
 * @param pad border of zeros in front of and behind each spatial axis
 * @param dilation distance of neighbours in the window
 */
public record Unfold(List<Long> kernel, List<Long> stride, List<Long> pad, List<Long> dilation) implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        if (!inputs[0].dtype().isFloating()) {
            throw new IllegalArgumentException("unfold: needs a floating dtype, got " + inputs[0] + "; cast it first");
        }
        return new Spec[] {new Spec(columns(name(), inputs[0].shape()), inputs[0].dtype())};
    }

    /** The shape of the columns of images of a shape. */
    Shape columns(String operation, Shape x) {
        Shape windows = Window.slide(operation, x, x.rank() < 2 ? 0 : x.dim(1), kernel, stride, pad, dilation);
        long n = 1;
        for (int i = 2; i < windows.rank(); i++) {
            n = n == Shape.UNKNOWN || windows.dim(i) == Shape.UNKNOWN ? Shape.UNKNOWN : n * windows.dim(i);
        }
        return Shape.of(x.dim(0), x.dim(1) * Window.elements(kernel), n);
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        List<Long> size = Window.spatial(c.input(0).shape());
        return new NDArray[] {Dispatch.one(new Fold(size, kernel, stride, pad, dilation), c.outputGradient(0))};
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        return 0;
    }
}
