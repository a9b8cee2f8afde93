package io.kiln.compile;

import io.kiln.ndarray.Layout;
import io.kiln.ndarray.Spec;

/**
 * A value of a lowered program and the source of its memory.
 *
 * @param kind the source of its memory
 * @param layout shape, dtype and strides
 * @param number its index among its kind: that of the input, parameter or constant; for a view, the viewed slot
 * @param root the slot that owns its memory: itself unless it is a view
 * @param start its first byte in that memory
 */
record Slot(Kind kind, Layout layout, int number, int root, long start) {
    /** The source of memory. */
    enum Kind {
        /** An array that the caller passes to each call: data, or the gradient of an output. */
        INPUT,
        /** A parameter, which the caller keeps. */
        PARAMETER,
        /** A constant of the program. */
        CONSTANT,
        /** Memory that is released at the end of the call. */
        ARENA,
        /** New memory that is returned to the caller. */
        RESULT,
        /** Memory of another slot. */
        VIEW
    }

    Spec spec() {
        return layout.spec();
    }

    long[] strides() {
        return layout.strides();
    }

    long bytes() {
        return Math.multiplyExact(layout.size(), layout.dtype().bytes());
    }

    Slot as(Kind other) {
        return new Slot(other, layout, number, root, start);
    }
}
