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
 * @param lossScale factor on losses after the epoch; 1 in other precisions than float16
 * @param workers where each worker's time went, by rank
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
        double lossScale,
        List<WorkerTimes> workers) {
    /** Makes the list unmodifiable. */
    public EpochReport {
        workers = List.copyOf(workers);
    }

    /**
     * Where a worker's time went.
     *
     * @param feed seconds of waiting for batches
     * @param compute seconds of computing
     * @param exchange seconds of waiting for other workers
     */
    public record WorkerTimes(double feed, double compute, double exchange) {}

    EpochReport withWorkers(List<WorkerTimes> times) {
        return new EpochReport(epoch, steps, rows, loss, validationLoss, metric, seconds, skipped, lossScale, times);
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
