package io.kiln.data;

import io.kiln.backend.Backends;
import io.kiln.backend.Context;
import io.kiln.backend.Device;
import io.kiln.backend.Event;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.op.Alias;
import io.kiln.op.Dispatch;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Prepares batches of a dataset in advance, on its own threads.
 *
 * <pre>{@code
 * DataLoader<Labeled<float[]>> loader = DataLoader.builder(dataset, Collate.rows()).batchSize(64).shuffle(seed).workers(2).build();
 * for (int epoch = 0; epoch < 10; epoch++) {
 *     try (DataLoader<Labeled<float[]>>.Epoch batches = loader.epoch(epoch)) {
 *         while (batches.hasNext()) {
 *             try (Scope step = Scope.open()) {
 *                 NDArray[] batch = batches.next();
 *             }
 *         }
 *     }
 * }
 * }</pre>
 *
 * <p>Batches come in the order of the sampler and are the same for the same seed and epoch, with any number of threads.
 * Their arrays belong to the scope in which {@link Epoch#next} is called. The first sample that fails ends the epoch
 * with a {@link SampleException} that names it.
 *
 * <p>Concurrency: the loader is immutable; an epoch belongs to one thread.
 *
 * @param <T> type of a sample
 */
public final class DataLoader<T> {
    private final Dataset<T> dataset;
    private final Collate<T> collate;
    private final BatchSampler batches;
    private final Augmentation<T> augmentation;
    private final long seed;
    private final int workers;
    private final int prefetch;
    private final Duration timeout;

    private DataLoader(Builder<T> b) {
        dataset = b.dataset;
        collate = b.collate;
        seed = b.seed;
        augmentation = b.augmentation;
        workers = b.workers;
        prefetch = b.prefetch;
        timeout = b.timeout;
        Sampler order = b.shuffle ? Sampler.random(dataset.size(), seed) : Sampler.sequential(dataset.size());
        batches = b.batches != null ? b.batches : BatchSampler.of(order, b.batchSize, b.last);
    }

    /**
     * Starts a loader.
     *
     * @param <T> type of a sample
     * @param dataset the samples
     * @param collate combines them into batches
     * @return a builder with the defaults
     */
    public static <T> Builder<T> builder(Dataset<T> dataset, Collate<T> collate) {
        return new Builder<>(dataset, collate);
    }

    /**
     * Starts an epoch.
     *
     * @param epoch its number, from 0; determines order and augmentation
     * @return the batches; close it if you do not take all of them
     */
    public Epoch epoch(long epoch) {
        return new Epoch(epoch);
    }

    /** The batches of an epoch. */
    public final class Epoch implements Iterator<NDArray[]>, AutoCloseable {
        private final long epoch;
        private final List<long[]> plan;
        private final Device device = Backends.current().device();
        /** What the caller has given to the device so far, such as arrays of the dataset. */
        private final Event before = Context.current().queue().record();

        private final ExecutorService threads;
        private final Deque<Future<NDArray[]>> ahead = new ArrayDeque<>();
        private int submitted;
        private int taken;
        private boolean closed;

        private Epoch(long epoch) {
            this.epoch = epoch;
            plan = batches.batches(epoch);
            threads = workers == 0 ? null : Executors.newFixedThreadPool(workers, Epoch::thread);
            submit();
        }

        private static Thread thread(Runnable work) {
            Thread t = new Thread(work, "kiln-data");
            t.setDaemon(true);
            return t;
        }

        private void submit() {
            while (threads != null && submitted < plan.size() && ahead.size() < prefetch) {
                int number = submitted++;
                ahead.add(threads.submit(() -> {
                    try (Context own = Context.open(device)) {
                        own.queue().await(before);
                        return make(number); // outside any scope: the caller of next owns it
                    }
                }));
            }
            if (threads != null && submitted == plan.size()) {
                threads.shutdown(); // they end with their last batch, even if the epoch is not closed
            }
        }

        /** {@return the total number of batches of the epoch} */
        public int size() {
            return plan.size();
        }

        @Override
        public boolean hasNext() {
            return !closed && taken < plan.size();
        }

        /**
         * The next batch.
         *
         * @return its arrays, which belong to the current scope
         * @throws SampleException if a sample or the batch could not be created
         */
        @Override
        public NDArray[] next() {
            if (!hasNext()) {
                throw new NoSuchElementException(
                        "dataLoader: the epoch has " + plan.size() + " batches" + (closed ? " and was closed" : ""));
            }
            int number = taken++;
            if (threads == null) {
                return make(number);
            }
            NDArray[] made = await(number, ahead.removeFirst());
            submit();
            NDArray[] mine = new NDArray[made.length];
            for (int i = 0; i < mine.length; i++) {
                mine[i] = Dispatch.withoutGradient(new Alias(), made[i]);
                made[i].close();
            }
            return mine;
        }

        private NDArray[] await(int number, Future<NDArray[]> batch) {
            try {
                return batch.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
            } catch (ExecutionException e) {
                close();
                if (e.getCause() instanceof SampleException s) {
                    throw s;
                }
                throw new SampleException(-1, "dataLoader: batch " + number + ": " + e.getCause(), e.getCause());
            } catch (TimeoutException e) {
                close();
                throw new SampleException(
                        -1,
                        "dataLoader: batch " + number + " was not made within " + timeout
                                + "; look at the dataset, or raise timeout",
                        e);
            } catch (InterruptedException e) {
                close();
                Thread.currentThread().interrupt();
                throw new SampleException(-1, "dataLoader: interrupted while waiting for batch " + number, e);
            }
        }

        private NDArray[] make(int number) {
            try (Scope scope = Scope.open()) {
                List<T> samples = new ArrayList<>();
                for (long index : plan.get(number)) {
                    samples.add(sample(index));
                }
                NDArray[] batch = batch(number, samples);
                for (NDArray a : batch) {
                    scope.keep(a);
                }
                return batch;
            }
        }

        private T sample(long index) {
            try {
                T sample = dataset.get(index);
                return augmentation == null
                        ? sample
                        : augmentation.apply(sample, new SplittableRandom(Seeds.mix(seed, epoch, index)));
            } catch (RuntimeException e) {
                throw new SampleException(index, "dataLoader: sample " + index + ": " + e.getMessage(), e);
            }
        }

        private NDArray[] batch(int number, List<T> samples) {
            try {
                return collate.batch(samples);
            } catch (RuntimeException e) {
                throw new SampleException(
                        -1,
                        "dataLoader: batch " + number + " of samples " + Arrays.toString(plan.get(number)) + ": "
                                + e.getMessage(),
                        e);
            }
        }

        /** Stops the threads and frees the batches prepared in advance. */
        @Override
        public void close() {
            if (closed) {
                return;
            }
            closed = true;
            if (threads == null) {
                return;
            }
            threads.shutdownNow();
            boolean interrupted = false;
            try {
                threads.awaitTermination(timeout.toMillis(), TimeUnit.MILLISECONDS);
            } catch (InterruptedException e) {
                interrupted = true;
            }
            for (Future<NDArray[]> f : ahead) {
                free(f);
            }
            ahead.clear();
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }

        private void free(Future<NDArray[]> f) {
            if (f.isDone() && !f.isCancelled()) {
                try {
                    for (NDArray a : f.get()) {
                        a.close();
                    }
                } catch (ExecutionException | InterruptedException ignored) {
                    // A failed batch holds nothing.
                }
            }
        }
    }

    /**
     * The settings of a loader.
     *
     * @param <T> type of a sample
     */
    public static final class Builder<T> {
        private final Dataset<T> dataset;
        private final Collate<T> collate;
        private BatchSampler batches;
        private Augmentation<T> augmentation;
        private int batchSize = 1;
        private BatchSampler.Last last = BatchSampler.Last.KEEP;
        private boolean shuffle;
        private long seed;
        private int workers = 1;
        private int prefetch = 2;
        private Duration timeout = Duration.ofMinutes(5);

        private Builder(Dataset<T> dataset, Collate<T> collate) {
            this.dataset = dataset;
            this.collate = collate;
        }

        /**
         * Sets the number of samples per batch; 1 by default.
         *
         * @param value at least 1
         * @return this builder
         */
        public Builder<T> batchSize(int value) {
            batchSize = value;
            return this;
        }

        /**
         * Sets what happens to samples that do not fill a batch; by default they form a smaller one.
         *
         * @param value the rule
         * @return this builder
         */
        public Builder<T> last(BatchSampler.Last value) {
            last = value;
            return this;
        }

        /**
         * Shuffles the samples; by default they keep their order.
         *
         * @param newSeed seed of orders and augmentations
         * @return this builder
         */
        public Builder<T> shuffle(long newSeed) {
            shuffle = true;
            seed = newSeed;
            return this;
        }

        /**
         * Sets custom batches instead of batchSize, last and shuffle.
         *
         * @param value determines which samples form a batch
         * @return this builder
         */
        public Builder<T> batches(BatchSampler value) {
            batches = value;
            return this;
        }

        /**
         * Changes each sample at random; none by default.
         *
         * @param value the augmentation
         * @param newSeed seed of orders and augmentations
         * @return this builder
         */
        public Builder<T> augment(Augmentation<T> value, long newSeed) {
            augmentation = value;
            seed = newSeed;
            return this;
        }

        /**
         * Sets the number of threads that create batches; 1 by default.
         *
         * @param value 0 to create them on the calling thread
         * @return this builder
         */
        public Builder<T> workers(int value) {
            workers = value;
            return this;
        }

        /**
         * Sets the number of batches prepared in advance; 2 by default.
         *
         * @param value at least 1
         * @return this builder
         */
        public Builder<T> prefetch(int value) {
            prefetch = value;
            return this;
        }

        /**
         * Sets how long a batch may take; 5 minutes by default.
         *
         * @param value a positive duration
         * @return this builder
         */
        public Builder<T> timeout(Duration value) {
            timeout = value;
            return this;
        }

        /**
         * Creates the loader.
         *
         * @return the loader
         * @throws IllegalArgumentException if a number is too small
         */
        public DataLoader<T> build() {
            if (workers < 0 || prefetch < 1 || batchSize < 1 || timeout.toMillis() < 1) {
                throw new IllegalArgumentException("dataLoader: needs workers >= 0, prefetch >= 1, batchSize >= 1 and a"
                        + " timeout above 0, got workers " + workers + ", prefetch " + prefetch + ", batchSize "
                        + batchSize + ", timeout " + timeout);
            }
            return new DataLoader<>(this);
        }
    }
}
