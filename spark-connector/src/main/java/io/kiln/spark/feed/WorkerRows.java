package io.kiln.spark.feed;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The rows of one worker. Blocks that Spark holds as objects in this JVM are referenced, and stay in memory until this
 * object is closed; others are read once, one by one, into an {@linkplain BlockStore off-heap store}. The heap needs
 * room only for what Spark keeps in memory, not for the worker's share.
 *
 * <p>Life cycle: close it after the feeders of its rows.
 *
 * <p>Concurrency: opened and closed by the task's thread; its rows may be read by any thread.
 */
public final class WorkerRows implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(WorkerRows.class);
    private static final long CLOSE_SECONDS = 10;

    private final Layout layout;
    private final int rank;
    private final RowSet training;
    private final RowSet validation;
    private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
    private final Runnable free;

    private WorkerRows(Layout layout, int rank, List<PackedBlock> blocks, Runnable free) {
        this.layout = layout;
        this.rank = rank;
        this.free = free;
        this.training = set(blocks, false);
        this.validation = set(blocks, true);
    }

    static WorkerRows read(RowsReader reader, int rank, Iterator<byte[]> stored) {
        Residence residence = Residence.lock(reader.rdd(), rank);
        Iterator<byte[]> blocks = new VerifiedBlocks(reader, rank, stored);
        if (residence == null) {
            return copy(reader.layout(), rank, blocks);
        }
        boolean done = false;
        try {
            WorkerRows rows = new WorkerRows(reader.layout(), rank, refer(blocks), residence::close);
            done = true;
            return rows;
        } finally {
            if (!done) {
                residence.close();
            }
        }
    }

    private static List<PackedBlock> refer(Iterator<byte[]> blocks) {
        List<PackedBlock> list = new ArrayList<>();
        blocks.forEachRemaining(b -> list.add(new PackedBlock(b)));
        return list;
    }

    private static WorkerRows copy(Layout layout, int rank, Iterator<byte[]> blocks) {
        BlockStore store = null;
        boolean done = false;
        try {
            store = BlockStore.open();
            while (blocks.hasNext()) {
                store.add(blocks.next());
            }
            WorkerRows rows = new WorkerRows(layout, rank, store.seal(), store::close);
            done = true;
            return rows;
        } catch (IOException e) {
            throw new UncheckedIOException("feed: rank %d: %s".formatted(rank, e.getMessage()), e);
        } finally {
            if (!done && store != null) {
                store.close();
            }
        }
    }

    private RowSet set(List<PackedBlock> all, boolean validationSet) {
        List<PackedBlock> blocks = new ArrayList<>(
                all.stream().filter(b -> b.isValidation() == validationSet).toList());
        blocks.sort(Comparator.comparingLong(layout::start));
        long first = layout.bound(validationSet, rank);
        long expected = first;
        for (PackedBlock b : blocks) {
            if (layout.start(b) != expected) {
                throw new RowsChangedException(
                        "feed: rank %d: rows %d to %d are missing; the DataFrame's plan gives other rows when it is computed again: write it to storage and fit what is read from there"
                                .formatted(rank, expected, layout.start(b)));
            }
            expected += b.rows();
        }
        if (expected != layout.bound(validationSet, rank + 1)) {
            throw new RowsChangedException(
                    "feed: rank %d has rows %d to %d, expected them to end at %d; the DataFrame's plan gives other rows when it is computed again: write it to storage and fit what is read from there"
                            .formatted(rank, first, expected, layout.bound(validationSet, rank + 1)));
        }
        return new RowSet(blocks, lock.readLock());
    }

    /** Ends the reading of rows and frees them; if a thread is still reading, they are kept and a warning is logged. */
    @Override
    public void close() {
        training.close();
        validation.close();
        boolean interrupted = Thread.interrupted();
        boolean locked = false;
        try {
            locked = lock.writeLock().tryLock(CLOSE_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            interrupted = true;
        }
        if (locked) {
            free.run();
            lock.writeLock().unlock();
        } else {
            LOG.warn(
                    "feed: rank {}: a thread is still reading rows; they stay in memory until this process ends", rank);
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
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
     * Whether any worker has validation rows.
     *
     * @return true if each epoch is validated
     */
    public boolean hasValidation() {
        return layout.total(true) > 0;
    }

    /**
     * The random numbers for the images of an epoch.
     *
     * @param seed the fit's seed
     * @param epoch the epoch, from 0
     * @return those of this worker's rows
     */
    public Draws draws(long seed, int epoch) {
        return new Draws(seed, epoch, layout.bound(false, rank));
    }

    /**
     * Determines the rows of each step of an epoch.
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
