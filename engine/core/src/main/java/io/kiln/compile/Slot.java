package io.kiln.compile;

import io.kiln.ndarray.Layout;
import io.kiln.ndarray.Spec;

/**
 * A value of a lowered program and where its memory comes from.
 *
 * @param kind whose memory it is
 * @param layout shape, dtype and strides
 * @param number which one of its kind: number of the input or parameter, or of the constant; for a view the slot it looks at
 * @param root the slot whose memory it is: itself unless it is a view
 * @param start where it begins in that memory, in bytes
 */
record Slot(Kind kind, Layout layout, int number, int root, long start) {
    /** Where memory comes from. */
    enum Kind {
        /** An array that the caller gives to each call: data, or the gradient of an output. */
        INPUT,
        /** A parameter, which the caller keeps. */
        PARAMETER,
        /** A constant of the program. */
        CONSTANT,
        /** Memory that ends with the call. */
        ARENA,
        /** New memory that is handed to the caller. */
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
