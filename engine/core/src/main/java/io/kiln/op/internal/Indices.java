package io.kiln.op.internal;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.Spec;

/** What all operators with indices ask of them. */
public final class Indices {
    private Indices() {}

    /** Indices are int32 or int64. */
    public static void check(String operation, Spec indices) {
        if (indices.dtype() != DType.INT32 && indices.dtype() != DType.INT64) {
            throw new IllegalArgumentException(
                    operation + ": indices must be int32 or int64, got " + indices + "; cast them");
        }
    }
}
