package io.kiln.spark.job;

import io.kiln.kvstore.transport.Ticket;
import io.kiln.spark.job.WorkerMessage.CheckpointAnswer;
import io.kiln.spark.job.WorkerMessage.CheckpointRequest;
import io.kiln.spark.report.EpochReport;
import io.kiln.spark.report.TrainingException;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** A worker's connection to the {@link ProgressDesk}. */
final class DriverLink {
    private static final long PROGRESS_NANOS = 250_000_000;
    private static final long PAUSE_NANOS = 2_000_000;

    private final Ticket ticket;
    private final int attempt;
    private final int rank;
    private long lastProgress;

    DriverLink(Ticket ticket, int attempt, int rank) {
        this.ticket = ticket;
        this.attempt = attempt;
        this.rank = rank;
    }

    private String[] tell(WorkerMessage message) {
        return ticket.ask(WorkerMessage.service(message.getClass()), WorkerMessage.write(message));
    }

    /**
     * Reports the progress of training, at most a few times a second or at the end of an epoch; only rank 0 reports.
     */
    void progress(long steps, double loss, StepLosses losses, boolean epochEnd) {
        long now = System.nanoTime();
        if (rank == 0 && (epochEnd || now - lastProgress > PROGRESS_NANOS)) {
            lastProgress = now;
            tell(new WorkerMessage.Progress(attempt, steps, loss, losses.take()));
        }
    }

    void distributions(int epoch, SummaryFiles.Histograms histograms) {
        tell(new WorkerMessage.Distributions(attempt, epoch, histograms));
    }

    void epoch(EpochReport report, EpochReport.WorkerReport worker) {
        tell(new WorkerMessage.EpochEnd(attempt, rank, report, worker));
    }

    /** Reports how training ended, before the final weights are saved. */
    void finished(int resultEpoch, int epochs) {
        tell(new WorkerMessage.Finish(attempt, resultEpoch, epochs));
    }

    void failed(String message, boolean permanent) {
        tell(new WorkerMessage.Failure(attempt, message, permanent, ""));
    }

    void failed(String message, DeviceTrouble trouble) {
        tell(new WorkerMessage.Failure(attempt, message, false, trouble.executor()));
    }

    /** Waits until the driver has written a checkpoint; only rank 0 asks, the others wait for its next step. */
    void checkpoint(long version, int epoch, Duration timeout, BooleanSupplier killed) throws InterruptedException {
        if (rank != 0) {
            return;
        }
        long start = System.nanoTime();
        while (true) {
            CheckpointAnswer answer =
                    WorkerMessage.read(CheckpointAnswer.class, tell(new CheckpointRequest(attempt, version, epoch))[0]);
            switch (answer.state()) {
                case WRITTEN -> {
                    return;
                }
                case FAILED -> throw new TrainingException(answer.problem());
                case PENDING -> LockSupport.parkNanos(PAUSE_NANOS);
            }
            if (killed.getAsBoolean()) {
                throw new InterruptedException("checkpoint: the task was killed");
            }
            if (System.nanoTime() - start > timeout.toNanos()) {
                throw new TrainingException(
                        "checkpoint: the driver did not write epoch %d within the timeout; raise timeout"
                                .formatted(epoch));
            }
        }
    }
}
