package io.kiln.op.nn;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.internal.InterpolateGradient;
import io.kiln.op.internal.Window;
import io.kiln.op.vision.Interpolate;
import io.kiln.op.vision.InterpolationMode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Average pooling to a fixed output size: along an axis of n elements, element i of m is the mean of those from
 * \(\lfloor i n/m \rfloor\) to below \(\lceil (i + 1) n/m \rceil\). Shapes: x[N,C,spatial…] with one to three spatial
 * axes of at least size 1, y[N,C,size…]. Dtype: as x, floating.
 *
 * @param size the new sizes
 */
public record AdaptiveAvgPool(List<Long> size) implements Operator {
    /** Checks the sizes. */
    public AdaptiveAvgPool {
        Window.checkSizes("adaptiveAvgPool", size);
    }

    @Override
    public Spec[] infer(Spec... inputs) {
        return Window.resize(name(), size, inputs[0]);
    }

    @Override
    public NDArray[] compose(NDArray... inputs) {
        List<Long> kernel = window(inputs[0].shape());
        return new NDArray[] {
            Dispatch.one(
                    kernel == null
                            ? new Interpolate(size, InterpolationMode.AREA, false)
                            : new AvgPool(kernel, kernel, Collections.nCopies(size.size(), 0L), false),
                    inputs[0])
        };
    }

    /** The size of all shares; null if they differ. */
    private List<Long> window(Shape x) {
        List<Long> kernel = new ArrayList<>();
        for (int i = 0; i < size.size(); i++) {
            if (x.dim(i + 2) % size.get(i) != 0) {
                return null;
            }
            kernel.add(x.dim(i + 2) / size.get(i));
        }
        return List.copyOf(kernel);
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        List<Long> old = Window.spatial(c.input(0).shape());
        return new NDArray[] {
            Dispatch.one(new InterpolateGradient(old, InterpolationMode.AREA, false), c.outputGradient(0))
        };
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        return new Interpolate(size, InterpolationMode.AREA, false).flops(inputs, outputs);
    }
}
