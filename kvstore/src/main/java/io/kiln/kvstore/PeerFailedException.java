package io.kiln.kvstore;

import java.util.Locale;

/**
 * A worker of the group died, left or gave up, so that the current step cannot be finished by anybody. Every rank of the
 * group throws it, and names the same failing rank.
 */
public final class PeerFailedException extends KVStoreException {
    private static final long serialVersionUID = 1L;

    private final int rank;
    private final String host;

    /**
     * Makes one.
     *
     * @param rank the rank that failed
     * @param host where it ran, {@code host:port}
     * @param reason what happened to it
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
