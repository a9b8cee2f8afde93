package io.kiln.spark.job;

import java.util.List;

/**
 * How one epoch went.
 *
 * @param epoch its number, from 1
 * @param steps updates in it
 * @param rows training rows of all workers
 * @param loss mean training loss, each batch with the weights it was computed with
 * @param validationLoss mean loss of the validation rows at the end of the epoch; NaN without such rows
 * @param metric value of the validation metric; NaN without validation rows or where it is the loss
 * @param seconds duration, validation included
 * @param skipped steps left out because gradients overflowed; 0 in other precisions than float16
 * @param clipped steps whose gradients were made smaller, because their norm exceeded {@code gradientClipNorm}; only those since
 *     the workers began or went on
 * @param lossScale factor on losses after the epoch; 1 in other precisions than float16
 * @param workers where each worker's time and memory went, by rank
 */
public record EpochReport(
        int epoch,
        int steps,
        long rows,
        double loss,
        double validationLoss,
        double metric,
        double seconds,
        int skipped,
        int clipped,
        double lossScale,
        List<WorkerReport> workers) {
    /** Makes the list unmodifiable. */
    public EpochReport {
        workers = List.copyOf(workers);
    }

    /**
     * Where a worker's time and memory went. Memory is that of its process, which several workers may share.
     *
     * @param executor the executor on which it ran; null in reports of versions before 0.2
     * @param feed seconds of waiting for batches
     * @param compute seconds of computing
     * @param exchange seconds of waiting for other workers
     * @param arrayBytes the most bytes that arrays outside the heap took so far
     * @param heapBytes bytes of the heap in use when the epoch ended, garbage included
     */
    public record WorkerReport(
            String executor, double feed, double compute, double exchange, long arrayBytes, long heapBytes) {}

    EpochReport withWorkers(List<WorkerReport> reports) {
        return new EpochReport(
                epoch, steps, rows, loss, validationLoss, metric, seconds, skipped, clipped, lossScale, reports);
    }

    /**
     * Speed.
     *
     * @return training rows per second
     */
    public double samplesPerSecond() {
        return rows / seconds;
    }
}
