package io.kiln.kvstore;

import java.util.Locale;

/**
 * Thrown when a worker of the group died, left or gave up, so that no worker can finish the current step. Every rank of
 * the group throws it and names the same failed rank.
 */
public final class PeerFailedException extends KVStoreException {
    private static final long serialVersionUID = 1L;

    private final int rank;
    private final String host;

    /**
     * Creates an exception.
     *
     * @param rank the rank that failed
     * @param host where it ran, {@code host:port}
     * @param reason why it failed
     */
    public PeerFailedException(int rank, String host, String reason) {
        super(String.format(Locale.ROOT, "rank %d (%s) failed: %s", rank, host, reason));
        this.rank = rank;
        this.host = host;
    }

    /**
     * The rank that failed.
     *
     * @return its rank in the group
     */
    public int rank() {
        return rank;
    }

    /**
     * Where the failed rank ran.
     *
     * @return {@code host:port} of its transport
     */
    public String host() {
        return host;
    }
}
