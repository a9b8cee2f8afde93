package io.kiln.spark.feed;

/**
 * One field of a {@link Batch}. Its memory grows with the largest batch.
 *
 * <p>Life cycle of each filling: {@link #measure} all rows if the size of rows differs, {@link #open}, {@link #put} all
 * rows, {@link #finish}, {@link #filled}.
 */
interface BatchField extends AutoCloseable {
    /** Takes the size of a row into account. Rows come in order. */
    void measure(int row, PackedColumn column, int at);

    /** Prepares the memory for so many rows. */
    void open(int rows);

    /** Copies a row. Rows come in order. */
    void put(int row, PackedColumn column, int at);

    /** Completes the rows that were put; for those of a batch without a plan, {@code which} is null. */
    default void finish(BatchRows which, FeedThreads threads) {}

    /** Passes what was put on to the device. */
    void filled();

    @Override
    void close();
}
