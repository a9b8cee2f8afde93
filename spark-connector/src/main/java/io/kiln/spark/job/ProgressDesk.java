package io.kiln.spark.job;

import io.kiln.kvstore.transport.Coordinator;
import io.kiln.spark.job.WorkerMessage.CheckpointAnswer;
import io.kiln.spark.job.WorkerMessage.CheckpointRequest;
import io.kiln.spark.job.WorkerMessage.Finish;
import io.kiln.spark.report.EpochReport;
import io.kiln.spark.report.LossPoint;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;

/**
 * The driver's side of what workers report during training. Requests are recorded and answered at once.
 *
 * <p>Concurrency: thread-safe.
 */
final class ProgressDesk {
    private final int workers;
    private final TreeMap<Integer, Part> epochs = new TreeMap<>();
    private int attempt = -1;
    private long steps;
    private long stepsTaken;
    private double loss = Double.NaN;
    private final List<LossPoint> points = new ArrayList<>();
    private final List<WorkerMessage.Distributions> distributions = new ArrayList<>();
    private Finish finish;
    private String failure;
    private String trouble;
    private final Set<String> unusable = new TreeSet<>();
    private CheckpointRequest checkpointAsked;
    private CheckpointAnswer checkpointAnswer;

    /** Reports of one epoch; some workers' parts may be missing. */
    private static final class Part {
        private EpochReport report;
        private final EpochReport.WorkerReport[] parts;

        Part(int workers) {
            parts = new EpochReport.WorkerReport[workers];
        }

        private EpochReport whole(List<EpochReport.WorkerReport> workers) {
            return new EpochReport(
                    report.epoch(),
                    report.steps(),
                    report.rows(),
                    report.seconds(),
                    report.quality(),
                    report.gradients(),
                    workers);
        }
    }

    ProgressDesk(Coordinator coordinator, int workers) {
        this.workers = workers;
        serve(coordinator, WorkerMessage.Progress.class, this::progress);
        serve(coordinator, WorkerMessage.EpochEnd.class, this::epoch);
        serve(coordinator, WorkerMessage.Distributions.class, distributions::add);
        serve(coordinator, WorkerMessage.Failure.class, this::failed);
        serve(coordinator, Finish.class, this::finished);
        coordinator.serve(
                WorkerMessage.service(CheckpointRequest.class),
                q -> Coordinator.answer(
                        WorkerMessage.write(checkpoint(WorkerMessage.read(CheckpointRequest.class, q[1])))));
    }

    /** Records messages of the current attempt. */
    private <T extends Record & WorkerMessage> void serve(Coordinator coordinator, Class<T> kind, Consumer<T> note) {
        coordinator.serve(WorkerMessage.service(kind), q -> {
            T message = WorkerMessage.read(kind, q[1]);
            synchronized (this) {
                if (message.attempt() == attempt) {
                    note.accept(message);
                }
            }
            return Coordinator.answer();
        });
    }

    /** Starts an attempt: later reports from older attempts are ignored. */
    synchronized void begin(int number) {
        attempt = number;
        failure = null;
        trouble = null;
        unusable.clear();
        checkpointAsked = null;
        checkpointAnswer = null;
    }

    private void progress(WorkerMessage.Progress m) {
        steps = m.steps();
        loss = m.loss();
        points.addAll(m.points());
    }

    private void epoch(WorkerMessage.EpochEnd m) {
        Part p = epochs.computeIfAbsent(m.report().epoch(), e -> new Part(workers));
        p.parts[m.rank()] = m.worker();
        if (m.rank() == 0) {
            p.report = m.report();
        }
    }

    /** Only the first of a kind is kept. */
    private void failed(WorkerMessage.Failure m) {
        failure = m.isPermanent() && failure == null ? m.message() : failure;
        trouble = !m.isPermanent() && trouble == null ? m.message() : trouble;
        if (!m.executor().isEmpty()) {
            unusable.add(m.executor());
        }
    }

    private void finished(Finish m) {
        finish = m;
    }

    private synchronized CheckpointAnswer checkpoint(CheckpointRequest m) {
        if (m.attempt() != attempt) {
            return CheckpointAnswer.failed(String.format(Locale.ROOT, "attempt %d is over", m.attempt()));
        }
        if (!m.equals(checkpointAsked)) {
            checkpointAsked = m;
            checkpointAnswer = CheckpointAnswer.PENDING;
        }
        return checkpointAnswer;
    }

    /** Distributions of weights and gradients received since the last call. */
    synchronized List<WorkerMessage.Distributions> distributions() {
        List<WorkerMessage.Distributions> news = List.copyOf(distributions);
        distributions.clear();
        return news;
    }

    /** The checkpoint that workers wait for. */
    synchronized Optional<CheckpointRequest> checkpointRequest() {
        return Optional.ofNullable(checkpointAsked).filter(c -> checkpointAnswer == CheckpointAnswer.PENDING);
    }

    /** Lets the workers continue, or reports what went wrong. */
    synchronized void answerCheckpoint(CheckpointAnswer answer) {
        checkpointAnswer = answer;
    }

    /** How training ended, as reported by a worker before it saved the final weights. */
    synchronized Optional<Finish> finish() {
        return Optional.ofNullable(finish);
    }

    /** A failure reported by a worker that a retry would not fix. */
    synchronized Optional<String> failure() {
        return Optional.ofNullable(failure);
    }

    /** A failure reported by a worker that a retry may fix. */
    synchronized Optional<String> trouble() {
        return Optional.ofNullable(trouble);
    }

    /** The executors whose devices have failed in this attempt. */
    synchronized Set<String> unusableExecutors() {
        return Set.copyOf(unusable);
    }

    /** The progress of training, if it is new. */
    synchronized Optional<WorkerMessage.Progress> progress() {
        if (steps == stepsTaken && points.isEmpty()) {
            return Optional.empty();
        }
        WorkerMessage.Progress news = new WorkerMessage.Progress(attempt, steps, loss, List.copyOf(points));
        stepsTaken = steps;
        points.clear();
        return Optional.of(news);
    }

    /** Takes the reports from a checkpoint. */
    synchronized void restore(List<EpochReport> reports) {
        for (EpochReport r : reports) {
            Part p = new Part(workers);
            p.report = r;
            for (int i = 0; i < workers && i < r.workers().size(); i++) {
                p.parts[i] = r.workers().get(i);
            }
            epochs.put(r.epoch(), p);
        }
    }

    /** The reports of all epochs after the given one that every worker has finished. */
    synchronized List<EpochReport> after(int known) {
        List<EpochReport> list = new ArrayList<>();
        for (Part p : epochs.tailMap(known, false).values()) {
            if (p.report == null || Arrays.asList(p.parts).contains(null)) {
                break;
            }
            list.add(p.whole(List.of(p.parts)));
        }
        return list;
    }

    /** The reports of the epochs from 1 to the given one, as far as they are available. */
    synchronized List<EpochReport> reports(int last) {
        List<EpochReport> list = new ArrayList<>();
        for (Part p : epochs.headMap(last, true).values()) {
            if (p.report != null) {
                List<EpochReport.WorkerReport> parts = new ArrayList<>();
                for (EpochReport.WorkerReport part : p.parts) {
                    parts.add(part == null ? new EpochReport.WorkerReport(null, 0, 0, 0, 0, 0, null) : part);
                }
                list.add(p.whole(parts));
            }
        }
        return list;
    }
}
