package io.kiln.op.internal;

import io.kiln.ndarray.ArrayFactory;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import java.util.Arrays;

/** Sequences of different lengths in one array: which axis is time, which the batch, and the lengths. */
public final class TimeAxes {
    private TimeAxes() {}

    /** Checks x[T,N,…] or x[N,T,…] against length[N]. */
    public static void check(String operation, int timeAxis, Spec... inputs) {
        Shape x = inputs[0].shape();
        if (x.rank() < 2 || timeAxis != 0 && timeAxis != 1) {
            throw new ShapeException(operation + ": needs x[T,N,…] with time axis 0 or x[N,T,…] with time axis 1, got x"
                    + x + " with time axis " + timeAxis);
        }
        Indices.check(operation, inputs[1]);
        Shape n = Shape.of(x.dim(1 - timeAxis));
        if (!n.accepts(inputs[1].shape())) {
            throw new ShapeException(operation + ": x" + x + " with time axis " + timeAxis + " needs length" + n
                    + ", got length" + inputs[1].shape());
        }
    }

    /** Lengths in a shape that broadcasts against x[T,N] or x[N,T]. */
    public static NDArray lengths(NDArray length, int timeAxis) {
        NDArray l = length.cast(DType.INT64);
        return timeAxis == 0 ? l.expandDims(0) : l.expandDims(1);
    }

    /** The time steps 0, 1, … in a shape that broadcasts against x[T,N] or x[N,T]. */
    public static NDArray times(ArrayFactory beside, long steps, int timeAxis) {
        NDArray t = beside.arange(0, steps, 1, DType.INT64);
        return timeAxis == 0 ? t.expandDims(1) : t;
    }

    /** x[T,N,…] or x[N,T,…] with both axes joined. */
    public static NDArray joined(NDArray x) {
        long[] d = x.shape().dims();
        long[] j = Arrays.copyOfRange(d, 1, d.length);
        j[0] = d[0] * d[1];
        return x.reshape(Shape.of(j));
    }

    /** The positions of each sequence's time steps in the merged axis, in the shape of the steps. */
    public static NDArray places(NDArray times, Shape x, int timeAxis) {
        NDArray sequences = times.factory().arange(0, x.dim(1 - timeAxis), 1, DType.INT64);
        if (timeAxis == 0) {
            return times.mul(x.dim(1)).add(sequences);
        }
        NDArray starts = sequences.mul(x.dim(1));
        return times.add(times.shape().rank() == 1 ? starts : starts.expandDims(1));
    }
}
