package io.kiln.spark.job;

import io.kiln.kvstore.transport.Coordinator;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;

/**
 * The driver's side of what workers report while they train. Requests are noted and answered at once.
 *
 * <p>Concurrency: thread-safe.
 */
final class ProgressDesk {
    static final String PROGRESS = "kiln-progress";
    static final String EPOCH = "kiln-epoch";
    static final String FAILED = "kiln-failed";
    static final String FINISHED = "kiln-finished";
    static final String CHECKPOINT = "kiln-checkpoint";
    static final String WAIT = "wait";
    static final String DONE = "done";

    private final int workers;
    private final TreeMap<Integer, Part> epochs = new TreeMap<>();
    private int attempt = -1;
    private long steps;
    private double loss = Double.NaN;
    private Finish finish;
    private String failure;
    private String trouble;
    private String checkpointAsked;
    private String checkpointAnswer = "";

    /** Reports of one epoch, of which some workers' times may be missing. */
    private static final class Part {
        private EpochReport report;
        private final EpochReport.WorkerTimes[] times;

        Part(int workers) {
            times = new EpochReport.WorkerTimes[workers];
        }
    }

    /**
     * How training ended.
     *
     * @param resultEpoch the epoch whose weights were kept
     * @param epochs epochs done
     */
    record Finish(int resultEpoch, int epochs) {}

    /**
     * A checkpoint that the workers wait for.
     *
     * @param version the snapshot to write
     * @param epoch epochs done
     */
    record CheckpointRequest(long version, int epoch) {}

    ProgressDesk(Coordinator coordinator, int workers) {
        this.workers = workers;
        coordinator.serve(PROGRESS, this::progress);
        coordinator.serve(EPOCH, this::epoch);
        coordinator.serve(FAILED, this::failed);
        coordinator.serve(FINISHED, this::finished);
        coordinator.serve(CHECKPOINT, this::checkpoint);
    }

    /** Begins an attempt: what older attempts still say is not heard. */
    synchronized void begin(int number) {
        attempt = number;
        failure = null;
        trouble = null;
        checkpointAsked = null;
        checkpointAnswer = "";
    }

    private boolean isCurrent(String... q) {
        return Integer.parseInt(q[1]) == attempt;
    }

    /** Request: attempt, steps done since the fit began, loss. */
    private synchronized String[] progress(String... q) {
        if (isCurrent(q)) {
            steps = Long.parseLong(q[2]);
            loss = Double.parseDouble(q[3]);
        }
        return Coordinator.answer();
    }

    /** Request: attempt, rank, epoch, steps, rows, loss, validation loss, metric, seconds, skipped, loss scale, feed, compute, exchange. */
    private synchronized String[] epoch(String... q) {
        if (isCurrent(q)) {
            Part p = epochs.computeIfAbsent(Integer.parseInt(q[3]), e -> new Part(workers));
            int rank = Integer.parseInt(q[2]);
            p.times[rank] = new EpochReport.WorkerTimes(
                    Double.parseDouble(q[12]), Double.parseDouble(q[13]), Double.parseDouble(q[14]));
            if (rank == 0) {
                p.report = new EpochReport(
                        Integer.parseInt(q[3]),
                        Integer.parseInt(q[4]),
                        Long.parseLong(q[5]),
                        Double.parseDouble(q[6]),
                        Double.parseDouble(q[7]),
                        Double.parseDouble(q[8]),
                        Double.parseDouble(q[9]),
                        Integer.parseInt(q[10]),
                        Double.parseDouble(q[11]),
                        List.of());
                loss = p.report.loss();
            }
        }
        return Coordinator.answer();
    }

    /** Request: attempt, rank, message, whether it would come again. The first of a kind counts. */
    private synchronized String[] failed(String... q) {
        if (isCurrent(q)) {
            boolean permanent = Boolean.parseBoolean(q[4]);
            failure = permanent && failure == null ? q[3] : failure;
            trouble = !permanent && trouble == null ? q[3] : trouble;
        }
        return Coordinator.answer();
    }

    /** Request: attempt, epoch whose weights are kept, epochs. */
    private synchronized String[] finished(String... q) {
        if (isCurrent(q)) {
            finish = new Finish(Integer.parseInt(q[2]), Integer.parseInt(q[3]));
        }
        return Coordinator.answer();
    }

    /** Request: attempt, version, epoch. Answers "wait", "done", or what went wrong. */
    private synchronized String[] checkpoint(String... q) {
        if (!isCurrent(q)) {
            return Coordinator.answer("attempt " + q[1] + " is over");
        }
        String asked = q[2] + " " + q[3];
        if (!asked.equals(checkpointAsked)) {
            checkpointAsked = asked;
            checkpointAnswer = WAIT;
        }
        return Coordinator.answer(checkpointAnswer);
    }

    /** The checkpoint that workers wait for, or null. */
    synchronized CheckpointRequest checkpointRequest() {
        if (!checkpointAnswer.equals(WAIT)) {
            return null;
        }
        String[] parts = checkpointAsked.split(" ");
        return new CheckpointRequest(Long.parseLong(parts[0]), Integer.parseInt(parts[1]));
    }

    /** Lets the workers go on: {@link #DONE}, or what went wrong. */
    synchronized void answerCheckpoint(String answer) {
        checkpointAnswer = answer;
    }

    /** How training ended, as a worker said before it saved the final weights; or null. */
    synchronized Finish finish() {
        return finish;
    }

    /** A failure reported by a worker that a retry would not fix; or null. */
    synchronized String failure() {
        return failure;
    }

    /** A failure reported by a worker that a retry may fix; or null. */
    synchronized String trouble() {
        return trouble;
    }

    synchronized long steps() {
        return steps;
    }

    synchronized double loss() {
        return loss;
    }

    /** Takes over the reports of a checkpoint. */
    synchronized void restore(List<EpochReport> reports) {
        for (EpochReport r : reports) {
            Part p = new Part(workers);
            p.report = r;
            for (int i = 0; i < workers && i < r.workers().size(); i++) {
                p.times[i] = r.workers().get(i);
            }
            epochs.put(r.epoch(), p);
        }
    }

    /** The reports of epochs after a known one that every worker has ended. */
    synchronized List<EpochReport> after(int known) {
        List<EpochReport> list = new ArrayList<>();
        for (Part p : epochs.tailMap(known, false).values()) {
            if (p.report == null || Arrays.asList(p.times).contains(null)) {
                break;
            }
            list.add(p.report.withWorkers(List.of(p.times)));
        }
        return list;
    }

    /** The reports of the epochs 1 to a last one, as far as they are there. */
    synchronized List<EpochReport> reports(int last) {
        List<EpochReport> list = new ArrayList<>();
        for (Part p : epochs.headMap(last, true).values()) {
            if (p.report != null) {
                List<EpochReport.WorkerTimes> times = new ArrayList<>();
                for (EpochReport.WorkerTimes t : p.times) {
                    times.add(t == null ? new EpochReport.WorkerTimes(0, 0, 0) : t);
                }
                list.add(p.report.withWorkers(times));
            }
        }
        return list;
    }
}
