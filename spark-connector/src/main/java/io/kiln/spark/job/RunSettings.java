package io.kiln.spark.job;

import io.kiln.compile.CompileOptions;
import io.kiln.kvstore.transport.TransportOptions;
import io.kiln.op.Precision;
import java.io.Serializable;
import java.time.Duration;
import java.util.Locale;
import org.apache.spark.TaskContext;

/**
 * How a fit runs. Parts have the names of the Params that set them.
 *
 * @param cluster who trains
 * @param epochs on what, and how long
 * @param saves what is kept for the case that something fails
 * @param watching who sees how it goes
 */
public record RunSettings(Cluster cluster, Epochs epochs, Saves saves, Watching watching) implements Serializable {
    /**
     * Who trains.
     *
     * @param numWorkers number of tasks
     * @param coresPerWorker cores of each; 0 for {@code spark.task.cpus}
     * @param device what engines run on
     * @param kvStoreType how gradients are exchanged
     * @param storageLevel where packed rows are kept
     * @param patience how long workers are waited for
     */
    public record Cluster(
            int numWorkers,
            int coresPerWorker,
            String device,
            String kvStoreType,
            String storageLevel,
            Patience patience)
            implements Serializable {
        /** The longest wait. */
        Duration timeout() {
            return patience.timeout();
        }

        /** Deadlines of the workers' transport. */
        TransportOptions transportOptions(TaskContext task) {
            return TransportOptions.DEFAULT
                    .withTimeout(patience.timeout())
                    .withHeartbeatTimeout(patience.heartbeatTimeout())
                    .pollingTask(task);
        }

        Cluster withCoresPerWorker(int cores) {
            return new Cluster(numWorkers, cores, device, kvStoreType, storageLevel, patience);
        }
    }

    /**
     * How long workers are waited for, and how often they are replaced.
     *
     * @param timeout the longest wait
     * @param heartbeatTimeout after how long without a sign of life a worker counts as dead
     * @param maxResubmissions failures in a row without progress between them that training survives
     */
    public record Patience(Duration timeout, Duration heartbeatTimeout, int maxResubmissions) implements Serializable {}

    /**
     * Order and number of steps.
     *
     * @param batchSize rows of a step, of all workers together; 0 to let the number of rows say it
     * @param maxEpochs epochs at most; 0 to let the number of rows say it
     * @param seed seed of all random numbers
     * @param shuffle whether rows are shuffled
     * @param stopping when training ends early
     * @param arithmetic in what numbers, and in how much memory, a step computes
     */
    public record Epochs(
            int batchSize, int maxEpochs, long seed, boolean shuffle, EarlyStopping stopping, Arithmetic arithmetic)
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
            int epochs = maxEpochs > 0
                    ? maxEpochs
                    : (int) Math.max(FEWEST_EPOCHS, Math.min(MAX_EPOCHS, (STEPS + steps - 1) / steps));
            return new Epochs(batch, epochs, seed, shuffle, stopping, arithmetic);
        }
    }

    /**
     * When training ends early.
     *
     * @param earlyStoppingPatience epochs without improvement after which training stops; 0 for never
     * @param validationMetric what has to improve
     */
    public record EarlyStopping(int earlyStoppingPatience, String validationMetric) implements Serializable {
        boolean isOn() {
            return earlyStoppingPatience > 0;
        }
    }

    /**
     * In what numbers, and in how much memory, a step computes.
     *
     * @param precision in which type networks compute: {@code float32}, {@code bfloat16} or {@code float16}
     * @param memoryBudget most bytes of the values inside a step; 0 for no bound
     */
    public record Arithmetic(String precision, long memoryBudget) implements Serializable {
        CompileOptions compileOptions() {
            CompileOptions plain = new CompileOptions();
            return memoryBudget == 0 ? plain : plain.withMemoryBudget(memoryBudget);
        }

        Precision type() {
            return Precision.valueOf(precision.toUpperCase(Locale.ROOT));
        }
    }

    /**
     * What is kept.
     *
     * @param checkpointDir checkpoints' directory; empty for none
     * @param checkpointInterval epochs between checkpoints; -1 for none
     * @param snapshotInterval steps between snapshots; 0 for one at the end of each epoch, -1 for none
     */
    public record Saves(String checkpointDir, int checkpointInterval, int snapshotInterval) implements Serializable {
        boolean toDirectory() {
            return !checkpointDir.isEmpty() && checkpointInterval > 0;
        }

        Saves withoutSnapshots() {
            return new Saves(checkpointDir, checkpointInterval, -1);
        }
    }

    /**
     * Who sees how it goes.
     *
     * @param showProgress whether the driver's terminal shows a progress bar
     * @param summaryDir directory for TensorBoard's files; empty for none
     */
    public record Watching(boolean showProgress, String summaryDir) implements Serializable {
        boolean toDirectory() {
            return !summaryDir.isEmpty();
        }
    }

    /** The same with the cores that a worker truly has. */
    RunSettings withCoresPerWorker(int cores) {
        return new RunSettings(cluster.withCoresPerWorker(cores), epochs, saves, watching);
    }

    RunSettings withSaves(Saves s) {
        return new RunSettings(cluster, epochs, s, watching);
    }

    RunSettings withEpochs(Epochs e) {
        return new RunSettings(cluster, e, saves, watching);
    }
}
