package io.kiln.op.internal;

import io.kiln.ndarray.Shape;
import java.util.List;
import java.util.Map;

/** Joins what is known of shapes. */
public final class Completion {
    private Completion() {}

    /** Merges two descriptions of one shape; the first if they contradict or the second is null. */
    public static Shape join(Shape a, Shape b) {
        return a == null ? b : b == null ? a : a.join(b);
    }

    /** The shape [size of an axis], unknown if the shape or the size is. */
    public static Shape vector(Shape x, int axis) {
        return Shape.of(x == null || axis >= x.rank() ? Shape.UNKNOWN : x.dim(axis));
    }

    /** A single size that was stated, or unknown. */
    public static long one(String operation, Map<String, List<Long>> sizes, String name) {
        List<Long> v = sizes.get(name);
        if (v == null) {
            return Shape.UNKNOWN;
        }
        if (v.size() != 1 || v.get(0) < 1) {
            throw new IllegalArgumentException(operation + ": " + name + " must be one number >= 1, got " + v);
        }
        return v.get(0);
    }
}
