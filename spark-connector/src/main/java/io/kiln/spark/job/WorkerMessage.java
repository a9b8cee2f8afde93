package io.kiln.spark.job;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.kiln.kvstore.KVStoreException;
import io.kiln.spark.report.EpochReport;
import io.kiln.spark.report.LossPoint;
import java.util.List;

/** What a worker reports to the driver during training, as JSON. */
sealed interface WorkerMessage {
    ObjectMapper MAPPER = new ObjectMapper();

    /** {@return the attempt that the worker belongs to} */
    int attempt();

    /**
     * The progress of training.
     *
     * @param attempt the attempt
     * @param steps number of steps since the fit began
     * @param loss the last step's loss
     * @param points losses of steps not reported by earlier messages
     */
    record Progress(int attempt, long steps, double loss, List<LossPoint> points) implements WorkerMessage {}

    /**
     * An epoch has ended.
     *
     * @param attempt the attempt
     * @param rank the worker
     * @param report the epoch's results without the workers' parts; only that of rank 0 is used
     * @param worker this worker's time and memory
     */
    record EpochEnd(int attempt, int rank, EpochReport report, EpochReport.WorkerReport worker)
            implements WorkerMessage {}

    /**
     * Weights and gradients of rank 0 at the end of an epoch; sent before {@link EpochEnd}, and only if requested.
     *
     * @param attempt the attempt
     * @param epoch the epoch, from 1
     * @param histograms their distributions
     */
    record Distributions(int attempt, int epoch, SummaryFiles.Histograms histograms) implements WorkerMessage {}

    /**
     * A worker has failed.
     *
     * @param attempt the attempt
     * @param message what went wrong, and on which rank
     * @param isPermanent whether it would occur again in another attempt
     * @param executor the executor to be replaced before another attempt; empty for none
     */
    record Failure(int attempt, String message, boolean isPermanent, String executor) implements WorkerMessage {}

    /**
     * Training has ended; the final weights follow.
     *
     * @param attempt the attempt
     * @param resultEpoch the epoch whose weights are kept
     * @param epochs number of finished epochs
     */
    record Finish(int attempt, int resultEpoch, int epochs) implements WorkerMessage {}

    /**
     * The workers wait for a checkpoint.
     *
     * @param attempt the attempt
     * @param version the snapshot to write
     * @param epoch number of finished epochs
     */
    record CheckpointRequest(int attempt, long version, int epoch) implements WorkerMessage {}

    /** The state of a checkpoint. */
    enum CheckpointState {
        /** The driver has not written it yet. */
        PENDING,
        /** It is written: the workers continue. */
        WRITTEN,
        /** It cannot be written. */
        FAILED
    }

    /**
     * The driver's answer to a {@link CheckpointRequest}.
     *
     * @param state the checkpoint's state
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

    /** The wire form of a message or an answer. */
    static String write(Object message) {
        try {
            return MAPPER.writeValueAsString(message);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("cannot write " + message, e);
        }
    }

    /** Reads the result of {@link #write}. */
    static <T extends Record> T read(Class<T> kind, String json) {
        try {
            return MAPPER.readValue(json, kind);
        } catch (JsonProcessingException e) {
            throw new KVStoreException("%s: cannot read %s".formatted(kind.getSimpleName(), json), e);
        }
    }
}
