package io.kiln.spark.feed;

import java.io.Serial;

/**
 * The DataFrame gave other rows when a part of it was computed again, as happens after an executor was lost: its plan is not
 * deterministic. Training on would use rows of two different data sets.
 */
public final class RowsChangedException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1L;

    /**
     * An error.
     *
     * @param message which rows changed, and what to do
     */
    public RowsChangedException(String message) {
        super(message);
    }
}
