package io.kiln.spark.feed;

/**
 * The rows of a batch.
 *
 * @param rows their indices among the worker's rows
 * @param draws the random numbers with which their images are transformed; null if they are not
 */
public record BatchRows(int[] rows, Draws draws) {
    /**
     * Rows whose images are not transformed.
     *
     * @param rows their indices among the worker's rows
     */
    public BatchRows(int... rows) {
        this(rows, null);
    }
}
