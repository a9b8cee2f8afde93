package io.kiln.spark.job;

import io.kiln.compile.CompileOptions;
import io.kiln.kvstore.transport.TransportOptions;
import io.kiln.op.Precision;
import io.kiln.optim.WeightAverage;
import io.kiln.spark.device.DeviceSetting;
import java.io.Serializable;
import java.time.Duration;
import java.util.Locale;
import org.apache.spark.TaskContext;

/**
 * How a fit runs. Components have the names of the Params that set them.
 *
 * @param cluster the workers
 * @param epochs order, number and arithmetic of steps
 * @param saves what is saved in case of failures
 * @param watching how the fit is shown
 */
public record RunSettings(Cluster cluster, Epochs epochs, Saves saves, Watching watching) implements Serializable {
    /** In place of a number that the fit chooses. */
    public static final int AUTO = 0;

    /**
     * The workers.
     *
     * @param numWorkers number of tasks
     * @param coresPerWorker cores of each; {@link #AUTO} for {@code spark.task.cpus}
     * @param device the device of the engines: a {@link DeviceSetting}
     * @param kvStoreType how gradients are exchanged
     * @param storageLevel where packed rows are stored
     * @param patience how long to wait for workers, and how often to replace them
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

        /** What the workers' device must be. */
        DeviceSetting deviceSetting() {
            return DeviceSetting.parse(device);
        }

        /** The settings of workers, after the checks. */
        Cluster with(int cores, DeviceSetting found) {
            return new Cluster(numWorkers, cores, found.toString(), kvStoreType, storageLevel, patience);
        }
    }

    /**
     * How long to wait for workers, and how often to replace them.
     *
     * @param timeout the longest wait
     * @param heartbeatTimeout how long a worker may be silent before it is considered dead
     * @param maxResubmissions the number of consecutive failures without progress that training survives
     */
    public record Patience(Duration timeout, Duration heartbeatTimeout, int maxResubmissions) implements Serializable {}

    /**
     * Order and number of steps.
     *
     * @param batchSize rows per step, of all workers together; {@link #AUTO} to derive it from the number of rows
     * @param maxEpochs maximum number of epochs; {@link #AUTO} to derive it from the number of rows
     * @param seed seed of all random numbers
     * @param shuffle whether rows are shuffled
     * @param stopping when training ends early
     * @param arithmetic precision and memory of a step
     * @param smoothing averages of weights, and mixtures of rows
     */
    public record Epochs(
            int batchSize,
            int maxEpochs,
            long seed,
            boolean shuffle,
            EarlyStopping stopping,
            Arithmetic arithmetic,
            Smoothing smoothing)
            implements Serializable {
        private static final int SMALLEST_BATCH = 16;
        private static final int LARGEST_BATCH = 128;
        private static final int STEPS_OF_EPOCH = 16;
        private static final int STEPS = 700;
        private static final int FEWEST_EPOCHS = 10;
        private static final int MAX_EPOCHS = 100;

        /** The largest batch that {@link #chosen} may choose. */
        int largestBatch() {
            return batchSize != AUTO ? batchSize : LARGEST_BATCH;
        }

        /**
         * Returns these settings with unset numbers filled in: few rows give small batches and many epochs, so that
         * weights are updated often enough; {@code docs/defaults.md} has the measurements.
         */
        Epochs chosen(long rows, int workers) {
            long few = Long.highestOneBit(Math.max(1, rows / STEPS_OF_EPOCH));
            int batch = batchSize != AUTO
                    ? batchSize
                    : Math.max(workers, (int) Math.max(SMALLEST_BATCH, Math.min(LARGEST_BATCH, few)));
            long steps = (rows + batch - 1) / batch;
            int epochs = maxEpochs != AUTO
                    ? maxEpochs
                    : (int) Math.max(FEWEST_EPOCHS, Math.min(MAX_EPOCHS, (STEPS + steps - 1) / steps));
            return new Epochs(batch, epochs, seed, shuffle, stopping, arithmetic, smoothing);
        }

        /** Whether the rows of a batch are mixed or split, for which each row needs its share in the mean loss. */
        boolean isSplit() {
            return smoothing.mixup() > 0 || arithmetic.gradientAccumulation() > 1;
        }

        /** Whether results differ from those of settings that earlier versions had. */
        boolean isRefined() {
            return isSplit() || smoothing.averages();
        }
    }

    /**
     * When training ends early.
     *
     * @param earlyStoppingPatience number of epochs without improvement after which training stops; 0 for never
     * @param validationMetric the metric that must improve
     */
    public record EarlyStopping(int earlyStoppingPatience, String validationMetric) implements Serializable {
        boolean isOn() {
            return earlyStoppingPatience > 0;
        }

        /** The metric that must improve. */
        ValidationMetric.Asked asked() {
            return ValidationMetric.asked(validationMetric);
        }
    }

    /**
     * The precision and memory of a step.
     *
     * @param precision the dtype in which networks compute: {@code float32}, {@code bfloat16} or {@code float16}
     * @param memoryBudget maximum bytes of the intermediate results of a step; 0 for no bound
     * @param gradientAccumulation the number of parts of a worker's batch whose gradients are computed one after another
     */
    public record Arithmetic(String precision, long memoryBudget, int gradientAccumulation) implements Serializable {
        CompileOptions compileOptions() {
            CompileOptions plain = new CompileOptions();
            return memoryBudget == 0 ? plain : plain.withMemoryBudget(memoryBudget);
        }

        Precision type() {
            return Precision.valueOf(precision.toUpperCase(Locale.ROOT));
        }
    }

    /**
     * What makes a model smoother.
     *
     * @param emaDecay decay of the moving averages of weights; 0 for none
     * @param swaStart the epoch from whose end on weights are averaged equally; 0 for never
     * @param mixup the parameter of the distribution of mix-up's weights; 0 for no mix-up
     */
    public record Smoothing(double emaDecay, int swaStart, double mixup) implements Serializable {
        /** No averages and no mix-up. */
        public static final Smoothing NONE = new Smoothing(0, 0, 0);

        boolean averages() {
            return emaDecay > 0 || swaStart > 0;
        }

        /** How weights are averaged; null for not at all. */
        WeightAverage.Rule averaging() {
            if (swaStart > 0) {
                return new WeightAverage.Equal(1, 1);
            }
            return emaDecay > 0 ? new WeightAverage.Settings(emaDecay, true) : null;
        }
    }

    /**
     * What is saved.
     *
     * @param checkpointDir directory for checkpoints; empty for none
     * @param checkpointInterval epochs between checkpoints; {@link #NEVER} for none
     * @param snapshotInterval steps between snapshots; {@link #EACH_EPOCH} for one at the end of each epoch,
     *     {@link #NEVER} for none
     */
    public record Saves(String checkpointDir, int checkpointInterval, int snapshotInterval) implements Serializable {
        /** In place of an interval: nothing is saved. */
        public static final int NEVER = -1;

        /** In place of an interval of snapshots: one at the end of each epoch, as in the Param. */
        public static final int EACH_EPOCH = 0;

        boolean toDirectory() {
            return !checkpointDir.isEmpty() && checkpointInterval > 0;
        }

        Saves withoutSnapshots() {
            return new Saves(checkpointDir, checkpointInterval, NEVER);
        }
    }

    /**
     * How the fit is shown.
     *
     * @param showProgress whether the driver's terminal shows a progress bar
     * @param summaryDir directory for TensorBoard files; empty for none
     */
    public record Watching(boolean showProgress, String summaryDir) implements Serializable {
        boolean toDirectory() {
            return !summaryDir.isEmpty();
        }
    }

    RunSettings withCluster(Cluster c) {
        return new RunSettings(c, epochs, saves, watching);
    }

    RunSettings withSaves(Saves s) {
        return new RunSettings(cluster, epochs, s, watching);
    }

    RunSettings withEpochs(Epochs e) {
        return new RunSettings(cluster, e, saves, watching);
    }
}
