package io.kiln.kvstore.transport;

import io.kiln.kvstore.KVStoreException;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import org.apache.spark.TaskContext;

/**
 * How long a transport waits.
 *
 * @param timeout the longest that one wait may take, also for a peer that lives and only computes
 * @param heartbeatTimeout a peer that sends nothing, not even a heartbeat, for so long is taken for dead
 * @param killed asked in every wait: whether this worker was told to stop
 */
public record TransportOptions(Duration timeout, Duration heartbeatTimeout, BooleanSupplier killed) {
    /**
     * Waits of ten minutes at most; a peer is dead after 1.6 s of silence. That ends a step soon after a machine was lost; where
     * processes stand still for longer, as with long garbage collections, {@linkplain #withHeartbeatTimeout allow more}.
     */
    public static final TransportOptions DEFAULT =
            new TransportOptions(Duration.ofMinutes(10), Duration.ofMillis(1600), () -> false);

    /** Checks the durations. */
    public TransportOptions {
        if (timeout.isNegative() || timeout.isZero() || heartbeatTimeout.toMillis() < 100) {
            throw new KVStoreException(
                    "transport options: timeout must be > 0 and heartbeatTimeout ≥ 100 ms, got %s and %s"
                            .formatted(timeout, heartbeatTimeout));
        }
    }

    /**
     * The same with another deadline.
     *
     * @param t the longest that one wait may take
     * @return new options
     */
    public TransportOptions withTimeout(Duration t) {
        return new TransportOptions(t, heartbeatTimeout, killed);
    }

    /**
     * The same with another limit of silence.
     *
     * @param s after how long without a sign of life a peer is dead
     * @return new options
     */
    public TransportOptions withHeartbeatTimeout(Duration s) {
        return new TransportOptions(timeout, s, killed);
    }

    /**
     * The same, ending every wait when the Spark task that calls this is killed.
     *
     * @param task the task
     * @return new options
     */
    public TransportOptions pollingTask(TaskContext task) {
        return new TransportOptions(timeout, heartbeatTimeout, task::isInterrupted);
    }
}
