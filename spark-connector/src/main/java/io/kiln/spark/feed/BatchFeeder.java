package io.kiln.spark.feed;

import io.kiln.backend.Backend;
import io.kiln.backend.Backends;
import io.kiln.backend.Context;
import io.kiln.backend.Device;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * Fills batches on its own thread, one ahead of the worker that computes.
 *
 * <p>Life cycle: open, alternate {@link #next} and {@link #recycle}, close; closing ends the thread and frees the
 * batches.
 *
 * <p>Concurrency: {@code next}, {@code recycle} and {@code close} are called by one thread.
 */
public final class BatchFeeder implements AutoCloseable {
    private static final int BATCHES = 3; // one in use, one ready, one being filled
    private static final long POLL_MILLIS = 20;
    private static final long JOIN_MILLIS = 10_000;

    private final RowSet rows;
    private final Device device;
    private final Iterator<BatchRows> plan;
    private final FeedThreads threads;
    private final Wait wait;
    private final List<Batch> all = new ArrayList<>();
    private final BlockingQueue<Batch> free = new ArrayBlockingQueue<>(BATCHES);
    private final BlockingQueue<Batch> full = new ArrayBlockingQueue<>(BATCHES);
    private final Thread thread;
    private volatile Throwable failure;
    private volatile boolean stopped;
    private volatile boolean ended;
    private long waitedNanos;

    /**
     * How a worker waits for a batch.
     *
     * @param killed polled meanwhile: whether the task was told to stop
     * @param longest the longest wait
     */
    public record Wait(BooleanSupplier killed, Duration longest) {}

    /**
     * Where batches are made.
     *
     * @param device the device of their arrays
     * @param threads the number of threads that decode and transform images
     */
    public record Place(Device device, int threads) {
        /**
         * A place for batches without images.
         *
         * @param device the device of their arrays
         */
        public Place(Device device) {
            this(device, 1);
        }
    }

    /**
     * Opens a feeder.
     *
     * @param rows the source of the batches
     * @param plan the rows of each batch
     * @param form the form of the batches
     * @param place where batches are made
     * @param wait how {@link #next} waits
     */
    public BatchFeeder(RowSet rows, Iterator<BatchRows> plan, Batch.Form form, Place place, Wait wait) {
        this.rows = rows;
        this.device = place.device();
        this.threads = new FeedThreads(place.threads());
        this.plan = plan;
        this.wait = wait;
        Backend backend = Backends.get(device);
        for (int i = 0; i < BATCHES; i++) {
            Batch b = new Batch(backend, form);
            all.add(b);
            free.add(b);
        }
        thread = new Thread(this::fill, "kiln-feed");
        thread.setDaemon(true);
        thread.start();
    }

    private void fill() {
        try (Context own = Context.open(device)) {
            while (!stopped && plan.hasNext()) {
                BatchRows which = plan.next();
                Batch b = free.take();
                b.fill(rows, which, threads);
                full.put(b);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException | Error e) {
            failure = e;
        } finally {
            ended = true;
        }
    }

    /**
     * Returns the next batch; waits until it is filled.
     *
     * @return the batch, to be recycled; null after the last one
     * @throws InterruptedException if the thread is interrupted or the task was killed
     * @throws IllegalStateException if rows could not be read, or not in time
     */
    public Batch next() throws InterruptedException {
        Batch ready = full.poll();
        if (ready != null) {
            return ready;
        }
        long start = System.nanoTime();
        try {
            while (true) {
                boolean last = ended;
                Batch b = full.poll(last ? 0 : POLL_MILLIS, TimeUnit.MILLISECONDS);
                if (b != null) {
                    return b;
                }
                if (failure != null) {
                    throw new IllegalStateException("feed: " + failure.getMessage(), failure);
                }
                if (wait.killed().getAsBoolean()) {
                    throw new InterruptedException("feed: the task was killed");
                }
                if (last) {
                    return null;
                }
                if (System.nanoTime() - start > wait.longest().toNanos()) {
                    throw new IllegalStateException("feed: no batch could be read within %d s; raise timeout"
                            .formatted(wait.longest().toSeconds()));
                }
            }
        } finally {
            waitedNanos += System.nanoTime() - start;
        }
    }

    /**
     * Returns a batch to be filled again.
     *
     * @param batch a batch from {@link #next} whose features are no longer used
     */
    public void recycle(Batch batch) {
        batch.release();
        free.add(batch);
    }

    /**
     * How long {@link #next} has waited.
     *
     * @return seconds since the feeder was opened
     */
    public double waitedSeconds() {
        return waitedNanos * 1e-9;
    }

    /** Ends the thread and frees the batches. */
    @Override
    public void close() {
        stopped = true;
        thread.interrupt();
        boolean interrupted = Thread.interrupted();
        try {
            thread.join(JOIN_MILLIS);
        } catch (InterruptedException e) {
            interrupted = true;
        }
        threads.close();
        if (!thread.isAlive()) { // leave memory that a thread still writes to the garbage collector
            all.forEach(Batch::close);
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
