package io.kiln.spark.feed;

import java.io.Serial;

/**
 * Thrown when part of a DataFrame was recomputed, as happens after an executor was lost, and gave other rows: its plan
 * is not deterministic. Continuing would train on rows of two different data sets.
 */
public final class RowsChangedException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1L;

    /**
     * Creates an exception.
     *
     * @param message which rows changed, and the remedy
     */
    public RowsChangedException(String message) {
        super(message);
    }
}
