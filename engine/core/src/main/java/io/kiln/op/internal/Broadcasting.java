package io.kiln.op.internal;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.op.Dispatch;
import io.kiln.op.reduce.Sum;
import io.kiln.op.shape.Reshape;
import java.util.ArrayList;
import java.util.List;

/** The reverse of broadcasting, used by the gradients of broadcasting operators. */
public final class Broadcasting {
    private Broadcasting() {}

    /** Sums g over the axes along which an array of the given shape was broadcast; null stays null. */
    public static NDArray reduceTo(NDArray g, Shape shape) {
        if (g == null || g.shape().equals(shape)) {
            return g;
        }
        int extra = g.shape().rank() - shape.rank();
        List<Long> axes = new ArrayList<>();
        for (int i = 0; i < g.shape().rank(); i++) {
            if (i < extra || shape.dim(i - extra) == 1 && g.shape().dim(i) != 1) {
                axes.add((long) i);
            }
        }
        NDArray sum = axes.isEmpty() ? g : Dispatch.one(new Sum(axes, true), g);
        return Dispatch.one(new Reshape(shape), sum);
    }
}
