package io.kiln.op.nn;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.internal.Window;
import java.util.List;

/**
 * Sums columns back into images (col2im); the transpose of {@link Unfold}: elements of windows that overlap are added. Shapes:
 * x[N,C K,L], y[N,C,size…]. Dtype: as x, floating.
 *
 * @param size sizes of the spatial axes
 * @param kernel size of the window along each spatial axis
 * @param stride its step
 * @param pad border in front of and behind each spatial axis, which is dropped
 * @param dilation distance of neighbours in the window
 */
public record Fold(List<Long> size, List<Long> kernel, List<Long> stride, List<Long> pad, List<Long> dilation)
        implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        Shape x = inputs[0].shape();
        long taps = Window.elements(kernel);
        if (x.rank() != 3
                || taps < 1
                || x.dim(1) % taps != 0
                || !inputs[0].dtype().isFloating()) {
            throw new ShapeException(
                    "fold: windows " + kernel + " need floating x[N,C * " + taps + ",L], got x " + inputs[0]);
        }
        long[] d = new long[size.size() + 2];
        d[0] = x.dim(0);
        d[1] = x.dim(1) / taps;
        for (int i = 0; i < size.size(); i++) {
            d[i + 2] = size.get(i);
        }
        Shape columns = new Unfold(kernel, stride, pad, dilation).columns(name(), Shape.of(d));
        if (!columns.accepts(x)) {
            throw new ShapeException("fold: images " + Shape.of(d) + " have columns " + columns + ", got x" + x);
        }
        return new Spec[] {new Spec(Shape.of(d), inputs[0].dtype())};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        return new NDArray[] {Dispatch.one(new Unfold(kernel, stride, pad, dilation), c.outputGradient(0))};
    }
}
