package io.kiln.spark.job;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import java.io.Serializable;
import java.util.List;

/**
 * The results of one epoch. In JSON the components of its parts stand side by side.
 *
 * @param epoch its number, from 1
 * @param steps number of updates
 * @param rows training rows of all workers
 * @param seconds duration, including validation
 * @param quality losses and metric
 * @param gradients clipping and overflows
 * @param workers time and memory of each worker, by rank
 */
public record EpochReport(
        int epoch,
        int steps,
        long rows,
        double seconds,
        @JsonUnwrapped Quality quality,
        @JsonUnwrapped Gradients gradients,
        List<WorkerReport> workers)
        implements Serializable {
    /** Makes the list unmodifiable. */
    public EpochReport {
        workers = List.copyOf(workers);
    }

    /**
     * Losses and metric of an epoch.
     *
     * @param loss mean training loss, each batch with the weights it was computed with
     * @param validationLoss mean loss of the validation rows at the end of the epoch; NaN without such rows
     * @param metric value of the validation metric; NaN without validation rows or if the metric is the loss
     */
    public record Quality(double loss, double validationLoss, double metric) implements Serializable {}

    /**
     * Clipping and overflows of an epoch's gradients.
     *
     * @param skipped steps skipped because gradients overflowed; 0 unless the precision is float16
     * @param clipped steps whose gradients were scaled down because their norm exceeded {@code gradientClipNorm}; counted
     *     since the workers last started or resumed
     * @param lossScale factor on losses after the epoch; 1 unless the precision is float16
     */
    public record Gradients(int skipped, int clipped, double lossScale) implements Serializable {}

    /**
     * A worker's time and memory. Memory is that of its process, which several workers may share.
     *
     * @param executor its executor; null in reports of versions before 0.2
     * @param feed seconds spent waiting for batches
     * @param compute seconds spent computing
     * @param exchange seconds spent waiting for other workers
     * @param arrayBytes peak memory of arrays outside the heap, in bytes
     * @param heapBytes bytes of the heap in use at the end of the epoch, including garbage
     */
    public record WorkerReport(
            String executor, double feed, double compute, double exchange, long arrayBytes, long heapBytes)
            implements Serializable {}

    EpochReport withWorkers(List<WorkerReport> reports) {
        return new EpochReport(epoch, steps, rows, seconds, quality, gradients, reports);
    }

    /** {@return mean training loss} */
    public double loss() {
        return quality.loss();
    }

    /** {@return mean loss of the validation rows; NaN without such rows} */
    public double validationLoss() {
        return quality.validationLoss();
    }

    /** {@return value of the validation metric; NaN without validation rows or if the metric is the loss} */
    public double metric() {
        return quality.metric();
    }

    /**
     * Throughput.
     *
     * @return training rows per second
     */
    public double samplesPerSecond() {
        return rows / seconds;
    }
}
