package io.kiln.spark.job;

import io.kiln.kvstore.transport.Ticket;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** A worker's way to the {@link ProgressDesk}. */
final class DriverLink {
    private static final long PROGRESS_NANOS = 250_000_000;
    private static final long PAUSE_NANOS = 2_000_000;

    private final Ticket ticket;
    private final int attempt;
    private final int rank;
    private final boolean talkative;
    private long lastProgress;

    DriverLink(Ticket ticket, int attempt, int rank, boolean progress) {
        this.ticket = ticket;
        this.attempt = attempt;
        this.rank = rank;
        this.talkative = progress && rank == 0;
    }

    /** Says how far training is, at most a few times a second. */
    void progress(long steps, double loss) {
        long now = System.nanoTime();
        if (talkative && now - lastProgress > PROGRESS_NANOS) {
            lastProgress = now;
            ticket.ask(ProgressDesk.PROGRESS, text(attempt), text(steps), text(loss));
        }
    }

    void epoch(EpochReport r, EpochReport.WorkerTimes times) {
        ticket.ask(
                ProgressDesk.EPOCH,
                text(attempt),
                text(rank),
                text(r.epoch()),
                text(r.steps()),
                text(r.rows()),
                text(r.loss()),
                text(r.validationLoss()),
                text(r.metric()),
                text(r.seconds()),
                text(r.skipped()),
                text(r.lossScale()),
                text(times.feed()),
                text(times.compute()),
                text(times.exchange()));
    }

    /** Says how training ended, before the final weights are saved. */
    void finished(int resultEpoch, int epochs) {
        ticket.ask(ProgressDesk.FINISHED, text(attempt), text(resultEpoch), text(epochs));
    }

    void failed(String message, boolean permanent) {
        ticket.ask(ProgressDesk.FAILED, text(attempt), text(rank), message, text(permanent));
    }

    /** Waits until the driver has written a checkpoint; only rank 0 asks, the others wait for its next step. */
    void checkpoint(long version, int epoch, long timeoutNanos, BooleanSupplier killed) throws InterruptedException {
        if (rank != 0) {
            return;
        }
        long start = System.nanoTime();
        while (true) {
            String answer = ticket.ask(ProgressDesk.CHECKPOINT, text(attempt), text(version), text(epoch))[0];
            if (answer.equals(ProgressDesk.DONE)) {
                return;
            }
            if (!answer.equals(ProgressDesk.WAIT)) {
                throw new TrainingException(answer);
            }
            if (killed.getAsBoolean()) {
                throw new InterruptedException("checkpoint: the task was killed");
            }
            if (System.nanoTime() - start > timeoutNanos) {
                throw new TrainingException(
                        "checkpoint: the driver did not write epoch %d within the timeout; raise timeout"
                                .formatted(epoch));
            }
            LockSupport.parkNanos(PAUSE_NANOS);
        }
    }

    private static String text(Object value) {
        return value.toString();
    }
}
