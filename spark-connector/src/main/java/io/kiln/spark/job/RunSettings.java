package io.kiln.spark.job;

import io.kiln.compile.CompileOptions;
import io.kiln.kvstore.transport.TransportOptions;
import io.kiln.op.Precision;
import java.io.Serializable;
import java.time.Duration;
import java.util.Locale;
import org.apache.spark.TaskContext;

/**
 * How a fit runs.
 *
 * @param cluster who trains
 * @param epochs on what, and how long
 * @param saves what is kept for the case that something fails
 * @param progress whether the driver's terminal shows a progress bar
 */
public record RunSettings(Cluster cluster, Epochs epochs, Saves saves, boolean progress) implements Serializable {
    /**
     * Who trains.
     *
     * @param workers number of tasks
     * @param cores cores of each; 0 for {@code spark.task.cpus}
     * @param kvStore how gradients are exchanged
     * @param storageLevel where packed rows are kept
     * @param timeoutSeconds the longest wait
     * @param silenceSeconds after how long without a sign of life a worker is taken for dead
     * @param device what engines run on
     * @param resubmissions failures in a row without progress between them that training survives
     */
    public record Cluster(
            int workers,
            int cores,
            String kvStore,
            String storageLevel,
            int timeoutSeconds,
            double silenceSeconds,
            String device,
            int resubmissions)
            implements Serializable {
        /** The longest wait. */
        Duration timeout() {
            return Duration.ofSeconds(timeoutSeconds);
        }

        /** Deadlines of the workers' transport. */
        TransportOptions transportOptions(TaskContext task) {
            return TransportOptions.DEFAULT
                    .withTimeout(timeout())
                    .withSilence(Duration.ofMillis(Math.round(1000 * silenceSeconds)))
                    .pollingTask(task);
        }

        Cluster withCores(int newCores) {
            return new Cluster(
                    workers, newCores, kvStore, storageLevel, timeoutSeconds, silenceSeconds, device, resubmissions);
        }
    }

    /**
     * Order and number of steps.
     *
     * @param batchSize rows of a step, of all workers together; 0 to let the number of rows say it
     * @param max epochs at most; 0 to let the number of rows say it
     * @param seed seed of all random numbers
     * @param shuffle whether rows are shuffled
     * @param patience epochs without improvement after which training stops; 0 for never
     * @param metric what early stopping looks at
     * @param precision in which type networks compute: {@code float32}, {@code bfloat16} or {@code float16}
     * @param memoryBudget most bytes of the values inside a step; 0 for no bound
     */
    public record Epochs(
            int batchSize,
            int max,
            long seed,
            boolean shuffle,
            int patience,
            String metric,
            String precision,
            long memoryBudget)
            implements Serializable {
        private static final int SMALLEST_BATCH = 16;
        private static final int LARGEST_BATCH = 128;
        private static final int STEPS_OF_EPOCH = 16;
        private static final int STEPS = 700;
        private static final int FEWEST_EPOCHS = 10;
        private static final int MAX_EPOCHS = 100;

        /** The largest batch that {@link #chosen} may take. */
        int largestBatch() {
            return batchSize > 0 ? batchSize : LARGEST_BATCH;
        }

        /**
         * The same with numbers in place of what was left open: of few rows, small batches and many epochs, so that weights
         * are updated often enough; {@code docs/defaults.md} has the measurements.
         */
        Epochs chosen(long rows, int workers) {
            long few = Long.highestOneBit(Math.max(1, rows / STEPS_OF_EPOCH));
            int batch = batchSize > 0
                    ? batchSize
                    : Math.max(workers, (int) Math.max(SMALLEST_BATCH, Math.min(LARGEST_BATCH, few)));
            long steps = (rows + batch - 1) / batch;
            int epochs =
                    max > 0 ? max : (int) Math.max(FEWEST_EPOCHS, Math.min(MAX_EPOCHS, (STEPS + steps - 1) / steps));
            return new Epochs(batch, epochs, seed, shuffle, patience, metric, precision, memoryBudget);
        }

        CompileOptions compileOptions() {
            CompileOptions plain = new CompileOptions();
            return memoryBudget == 0 ? plain : plain.withMemoryBudget(memoryBudget);
        }

        Precision computed() {
            return Precision.valueOf(precision.toUpperCase(Locale.ROOT));
        }
    }

    /**
     * What is kept.
     *
     * @param directory checkpoints' directory; empty for none
     * @param interval epochs between checkpoints; -1 for none
     * @param snapshotSteps steps between snapshots; 0 for one at the end of each epoch, -1 for none
     */
    public record Saves(String directory, int interval, int snapshotSteps) implements Serializable {
        boolean toDirectory() {
            return !directory.isEmpty() && interval > 0;
        }

        Saves withoutSnapshots() {
            return new Saves(directory, interval, -1);
        }
    }

    /** The same with the cores that a worker truly has. */
    RunSettings withCores(int cores) {
        return new RunSettings(cluster.withCores(cores), epochs, saves, progress);
    }

    RunSettings withSaves(Saves s) {
        return new RunSettings(cluster, epochs, s, progress);
    }

    RunSettings withEpochs(Epochs e) {
        return new RunSettings(cluster, e, saves, progress);
    }

    RunSettings withProgress(boolean p) {
        return new RunSettings(cluster, epochs, saves, p);
    }
}
