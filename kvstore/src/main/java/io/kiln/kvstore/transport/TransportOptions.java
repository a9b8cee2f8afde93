package io.kiln.kvstore.transport;

import io.kiln.kvstore.KVStoreException;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import org.apache.spark.TaskContext;

/**
 * How long a transport waits.
 *
 * @param timeout maximum duration of one wait, even for a peer that is alive but computing
 * @param heartbeatTimeout how long a peer may send nothing, not even a heartbeat, before it is considered dead
 * @param killed polled in every wait: whether this worker has been told to stop
 */
public record TransportOptions(Duration timeout, Duration heartbeatTimeout, BooleanSupplier killed) {
    /**
     * Waits of at most ten minutes; a peer is dead after 1.6 s of silence, so that a step ends soon after a machine is
     * lost. If processes may be suspended for longer, as in long garbage collections,
     * {@linkplain #withHeartbeatTimeout allow more}.
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
     * Returns these options with another deadline.
     *
     * @param t maximum duration of one wait
     * @return new options
     */
    public TransportOptions withTimeout(Duration t) {
        return new TransportOptions(t, heartbeatTimeout, killed);
    }

    /**
     * Returns these options with another limit of silence.
     *
     * @param s how long a peer may be silent before it is considered dead
     * @return new options
     */
    public TransportOptions withHeartbeatTimeout(Duration s) {
        return new TransportOptions(timeout, s, killed);
    }

    /**
     * Returns these options with every wait ending when the calling Spark task is killed.
     *
     * @param task the task
     * @return new options
     */
    public TransportOptions pollingTask(TaskContext task) {
        return new TransportOptions(timeout, heartbeatTimeout, task::isInterrupted);
    }
}
