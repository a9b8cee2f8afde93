package io.kiln.spark.feed;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;

/**
 * The rows of one worker: references to the blocks in Spark's storage, which stay there as long as the task reads them.
 *
 * <p>Concurrency: immutable.
 */
public final class WorkerRows {
    private final Layout layout;
    private final int rank;
    private final RowSet training;
    private final RowSet validation;

    WorkerRows(Layout layout, int rank, Iterator<byte[]> blocks) {
        this.layout = layout;
        this.rank = rank;
        List<PackedBlock> t = new ArrayList<>();
        List<PackedBlock> v = new ArrayList<>();
        while (blocks.hasNext()) {
            PackedBlock b = new PackedBlock(blocks.next());
            (b.isValidation() ? v : t).add(b);
        }
        training = set(t, false);
        validation = set(v, true);
    }

    private RowSet set(List<PackedBlock> blocks, boolean validationSet) {
        blocks.sort(Comparator.comparingLong(layout::start));
        long first = layout.bound(validationSet, rank);
        long expected = first;
        for (PackedBlock b : blocks) {
            if (layout.start(b) != expected) {
                throw new IllegalStateException(
                        "feed: rank %d: rows %d to %d are missing; the DataFrame's plan gives other rows when it is computed again: make it deterministic or cache it"
                                .formatted(rank, expected, layout.start(b)));
            }
            expected += b.rows();
        }
        if (expected != layout.bound(validationSet, rank + 1)) {
            throw new IllegalStateException(
                    "feed: rank %d has rows %d to %d, expected them to end at %d; make the DataFrame's plan deterministic or cache it"
                            .formatted(rank, first, expected, layout.bound(validationSet, rank + 1)));
        }
        return new RowSet(blocks);
    }

    /**
     * The training rows.
     *
     * @return this worker's rows
     */
    public RowSet training() {
        return training;
    }

    /**
     * The validation rows.
     *
     * @return this worker's rows
     */
    public RowSet validation() {
        return validation;
    }

    /**
     * Training rows of all workers.
     *
     * @return at least one per worker
     */
    public long total() {
        return layout.total(false);
    }

    /**
     * Whether there are validation rows at any worker.
     *
     * @return true when each epoch is validated
     */
    public boolean hasValidation() {
        return layout.total(true) > 0;
    }

    /**
     * Which rows each step of an epoch takes.
     *
     * @param batchSize rows of a full batch, of all workers together
     * @param seed the fit's seed
     * @param epoch the epoch, from 0
     * @param shuffle whether rows are shuffled
     * @return this worker's part of the epoch
     */
    public EpochOrder order(int batchSize, long seed, int epoch, boolean shuffle) {
        return new EpochOrder(
                layout.total(false),
                batchSize,
                seed,
                epoch,
                shuffle,
                layout.bound(false, rank),
                layout.bound(false, rank + 1));
    }
}
