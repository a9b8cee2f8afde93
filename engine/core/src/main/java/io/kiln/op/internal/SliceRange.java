package io.kiln.op.internal;

import io.kiln.ndarray.Layout;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.op.ViewOperator;
import java.util.List;

/** The arithmetic of slices, as in Python: negative bounds count from the end, bounds out of range are clamped. */
public final class SliceRange {
    private SliceRange() {}

    /**
     * Checks that a slice has as many starts as stops and steps, and no step of 0.
     *
     * @throws ShapeException otherwise
     */
    public static void check(String operation, List<Long> start, List<Long> stop, List<Long> step) {
        if (start.size() != stop.size() || stop.size() != step.size()) {
            throw new ShapeException(operation + ": needs as many starts as stops and steps, got " + start + ", " + stop
                    + " and " + step);
        }
        for (long s : step) {
            if (s == 0) {
                throw new ShapeException(operation + ": steps must not be 0, got " + step);
            }
        }
    }

    /** The shape of a slice; an unknown size stays unknown. */
    public static Shape shape(String operation, Shape x, List<Long> start, List<Long> stop, List<Long> step) {
        if (start.size() > x.rank()) {
            throw new ShapeException(
                    operation + ": x" + x + " has " + x.rank() + " axes, got " + start.size() + " starts " + start);
        }
        long[] d = x.dims();
        for (int i = 0; i < start.size(); i++) {
            if (d[i] != Shape.UNKNOWN) {
                long s = step.get(i);
                long length = (bound(stop.get(i), d[i], s) - bound(start.get(i), d[i], s)) * Long.signum(s);
                d[i] = length <= 0 ? 0 : (length - 1) / Math.abs(s) + 1;
            }
        }
        return Shape.of(d);
    }

    /** Backwards, the bound before all elements is -1, which can only be written as a number below -size. */
    private static long bound(long b, long size, long step) {
        long place = b < 0 ? Math.max(b, -size - 1) + size : b;
        return step > 0 ? Math.max(0, Math.min(size, place)) : Math.max(-1, Math.min(size - 1, place));
    }

    /** Where the part of x lies that a slice shows. */
    public static ViewOperator.View view(Layout x, Shape shape, List<Long> start, List<Long> step) {
        long[] strides = x.strides().clone();
        long offset = 0;
        for (int i = 0; i < start.size(); i++) {
            offset += bound(start.get(i), x.shape().dim(i), step.get(i)) * strides[i];
            strides[i] *= step.get(i);
        }
        return new ViewOperator.View(strides, shape.size() == 0 ? 0 : offset);
    }

    /** The part of x that a slice shows. */
    public static NDArray view(NDArray x, Shape shape, List<Long> start, List<Long> step) {
        ViewOperator.View view = view(x.layout(), shape, start, step);
        return x.view(shape, view.strides(), view.start());
    }
}
