package io.kiln.op.nn;

import io.kiln.ndarray.ArrayFactory;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.index.Gather;
import io.kiln.op.internal.CompositeGradient;
import io.kiln.op.internal.Window;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Max pooling to a fixed output size, over the shares of {@link AdaptiveAvgPool}; of equal elements, the first gets the
 * gradient. Shapes: x[N,C,spatial…] with one to three spatial axes of at least size 1, y[N,C,size…]. Dtype: as x,
 * floating.
 *
 * @param size the new sizes
 */
public record AdaptiveMaxPool(List<Long> size) implements Operator {
    /** Checks the sizes. */
    public AdaptiveMaxPool {
        Window.checkSizes("adaptiveMaxPool", size);
    }

    @Override
    public Spec[] infer(Spec... inputs) {
        return Window.resize(name(), size, inputs[0]);
    }

    @Override
    public NDArray[] compose(NDArray... inputs) {
        NDArray x = inputs[0];
        List<Long> kernel = new ArrayList<>();
        for (int i = 0; i < size.size(); i++) {
            long n = x.shape().dim(i + 2);
            long m = size.get(i);
            if (n % m != 0) {
                x = Dispatch.one(new Gather(i + 2), x, shares(x.factory(), n, m));
            }
            kernel.add(x.shape().dim(i + 2) / m);
        }
        List<Long> window = List.copyOf(kernel);
        return new NDArray[] {Dispatch.one(new MaxPool(window, window, Collections.nCopies(size.size(), 0L)), x)};
    }

    /** The indices of all shares, each as long as the longest: its last element is repeated, which changes no maximum. */
    private static NDArray shares(ArrayFactory beside, long n, long m) {
        int longest = 0;
        for (long i = 0; i < m; i++) {
            longest = Math.max(longest, (int) (end(i, n, m) - i * n / m));
        }
        long[] indices = new long[Math.toIntExact(m * longest)];
        for (int k = 0; k < indices.length; k++) {
            long i = k / longest;
            indices[k] = Math.min(i * n / m + k % longest, end(i, n, m) - 1);
        }
        return beside.of(Shape.of(indices.length), indices);
    }

    private static long end(long i, long n, long m) {
        return ((i + 1) * n + m - 1) / m;
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        return CompositeGradient.of(this, c);
    }
}
