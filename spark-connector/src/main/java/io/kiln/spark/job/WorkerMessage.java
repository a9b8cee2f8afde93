package io.kiln.spark.job;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.kiln.kvstore.KVStoreException;
import java.util.List;

/** What a worker tells the driver while it trains; it travels as JSON. */
sealed interface WorkerMessage {
    ObjectMapper MAPPER = new ObjectMapper();

    /** {@return the submission that the worker belongs to} */
    int attempt();

    /**
     * How far training is.
     *
     * @param attempt the submission
     * @param steps steps done since the fit began
     * @param loss the last step's loss
     * @param points losses of steps that no earlier message told
     */
    record Progress(int attempt, long steps, double loss, List<StepLosses.Point> points) implements WorkerMessage {}

    /**
     * An epoch has ended.
     *
     * @param attempt the submission
     * @param rank the worker
     * @param report how it went, without the workers' parts; only that of rank 0 counts
     * @param worker where this worker's time and memory went
     */
    record EpochEnd(int attempt, int rank, EpochReport report, EpochReport.WorkerReport worker)
            implements WorkerMessage {}

    /**
     * Weights and gradients of rank 0 when an epoch has ended; sent before its end is, and only where somebody wants them.
     *
     * @param attempt the submission
     * @param epoch the epoch, from 1
     * @param histograms how they are distributed
     */
    record Distributions(int attempt, int epoch, SummaryFiles.Histograms histograms) implements WorkerMessage {}

    /**
     * A worker has failed.
     *
     * @param attempt the submission
     * @param message what went wrong, and on which rank
     * @param isPermanent whether it would come again in another attempt
     */
    record Failure(int attempt, String message, boolean isPermanent) implements WorkerMessage {}

    /**
     * Training has ended; the final weights follow.
     *
     * @param attempt the submission
     * @param resultEpoch the epoch whose weights are kept
     * @param epochs epochs done
     */
    record Finish(int attempt, int resultEpoch, int epochs) implements WorkerMessage {}

    /**
     * The workers wait for a checkpoint.
     *
     * @param attempt the submission
     * @param version the snapshot to write
     * @param epoch epochs done
     */
    record CheckpointRequest(int attempt, long version, int epoch) implements WorkerMessage {}

    /** How far a checkpoint is. */
    enum CheckpointState {
        /** The driver has not written it yet. */
        PENDING,
        /** It is written: the workers go on. */
        WRITTEN,
        /** It cannot be written. */
        FAILED
    }

    /**
     * The driver's answer to a {@link CheckpointRequest}.
     *
     * @param state how far it is
     * @param problem why it failed; empty otherwise
     */
    record CheckpointAnswer(CheckpointState state, String problem) {
        static final CheckpointAnswer PENDING = new CheckpointAnswer(CheckpointState.PENDING, "");
        static final CheckpointAnswer WRITTEN = new CheckpointAnswer(CheckpointState.WRITTEN, "");

        static CheckpointAnswer failed(String problem) {
            return new CheckpointAnswer(CheckpointState.FAILED, problem);
        }
    }

    /** The name under which the driver serves a kind of message. */
    static String service(Class<? extends WorkerMessage> kind) {
        return "kiln-" + kind.getSimpleName();
    }

    /** A message or an answer as it travels. */
    static String write(Object message) {
        try {
            return MAPPER.writeValueAsString(message);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("cannot write " + message, e);
        }
    }

    /** Reads what {@link #write} gives. */
    static <T extends Record> T read(Class<T> kind, String json) {
        try {
            return MAPPER.readValue(json, kind);
        } catch (JsonProcessingException e) {
            throw new KVStoreException("%s: cannot read %s".formatted(kind.getSimpleName(), json), e);
        }
    }
}
