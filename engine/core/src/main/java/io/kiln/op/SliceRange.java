package io.kiln.op;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import java.util.List;

/** The arithmetic of slices, as in Python: negative bounds count from the end, bounds outside are moved to the ends. */
final class SliceRange {
    private SliceRange() {}

    static void check(String operation, List<Long> start, List<Long> stop, List<Long> step) {
        if (start.size() != stop.size() || stop.size() != step.size()) {
            throw new ShapeException(operation + ": needs as many starts as stops and steps, got " + start + ", " + stop
                    + " and " + step);
        }
        for (long s : step) {
            if (s < 1) {
                throw new ShapeException(
                        operation + ": steps must be at least 1, got " + step + "; flip the axis instead");
            }
        }
    }

    /** The shape of a slice; an unknown size stays unknown. */
    static Shape shape(String operation, Shape x, List<Long> start, List<Long> stop, List<Long> step) {
        if (start.size() > x.rank()) {
            throw new ShapeException(
                    operation + ": x" + x + " has " + x.rank() + " axes, got " + start.size() + " starts " + start);
        }
        long[] d = x.dims();
        for (int i = 0; i < start.size(); i++) {
            if (d[i] != Shape.UNKNOWN) {
                long length = bound(stop.get(i), d[i]) - bound(start.get(i), d[i]);
                d[i] = length <= 0 ? 0 : (length - 1) / step.get(i) + 1;
            }
        }
        return Shape.of(d);
    }

    private static long bound(long b, long size) {
        return Math.max(0, Math.min(size, b < 0 ? b + size : b));
    }

    /** The part of x that a slice shows. */
    static NDArray view(NDArray x, Shape shape, List<Long> start, List<Long> step) {
        long[] strides = x.strides().clone();
        long offset = 0;
        for (int i = 0; i < start.size(); i++) {
            offset += bound(start.get(i), x.shape().dim(i)) * strides[i];
            strides[i] *= step.get(i);
        }
        return x.view(shape, strides, shape.size() == 0 ? 0 : offset);
    }
}
