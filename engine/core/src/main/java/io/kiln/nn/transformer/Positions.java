package io.kiln.nn.transformer;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.ShapeException;

/** Rows of tables of positions. */
final class Positions {
    private Positions() {}

    static long check(String name, long positions) {
        if (positions < 1) {
            throw new IllegalArgumentException(name + ": positions must be >= 1, got " + positions);
        }
        return positions;
    }

    /** The rows for the positions of x[…,L,C], starting at an offset. */
    static NDArray of(NDArray table, long offset, NDArray x) {
        long length = x.shape().dim(-2);
        long positions = table.shape().dim(0);
        if (length < 0 || offset + length > positions) {
            throw new ShapeException("positions: the length of a sequence must be known and, with the " + offset
                    + " positions before it, at most " + positions + "; got x" + x.shape());
        }
        return table.slice(0, offset, offset + length);
    }
}
