package io.kiln.kvstore.transport;

import io.kiln.ndarray.HostView;

/**
 * Tagged messages between the ranks of one group, from host memory to host memory.
 *
 * <p>Workflow: a rank posts {@link #send} and its peer posts {@link #receive} with the same tag, check and length; each
 * gets a {@link Transfer} to wait on. Messages are matched by (sender, tag), in any order, so a tag must not be reused
 * before its first use is complete. The memory of a transfer must stay allocated, and that of a send unchanged, until
 * the transfer's {@code await} returns <em>or throws</em>: after either, no other thread accesses it. Nor does one access
 * the memory of any transfer after {@code send} or {@code receive} has thrown a {@code PeerFailedException}.
 *
 * <p>Failure: when a peer dies, falls silent or calls {@link #abort}, every wait on every rank throws
 * {@link io.kiln.kvstore.PeerFailedException} with the failed rank; after that the group can only be
 * {@linkplain #close closed}. Every wait has a deadline and ends early when the Spark task is killed.
 *
 * <p>Concurrency: all methods may be called from any thread.
 */
public interface Transport extends AutoCloseable {
    /** When a large message is sent. */
    enum Flow {
        /** When the receiver is ready for it. */
        WHEN_CLEAR,
        /** At once: the receiver is ready, or will be soon and has memory to spare until then. */
        AT_ONCE
    }

    /**
     * Returns this worker's rank in the group.
     *
     * @return 0 ≤ rank &lt; size
     */
    int rank();

    /**
     * Returns the number of workers in the group.
     *
     * @return at least 1
     */
    int size();

    /**
     * Sends memory to a peer.
     *
     * @param to rank of the receiver, not this rank
     * @param tag identifies the message among those to this receiver
     * @param check the purpose of the message (a hash); a receiver that expects another one rejects it
     * @param memory the content, possibly empty
     * @param flow when to send a large message; the same as the receiver's
     * @return complete when the memory may be written again
     */
    Transfer send(int to, long tag, int check, HostView memory, Flow flow);

    /**
     * Receives memory from a peer.
     *
     * @param from rank of the sender, not this rank
     * @param tag identifies the message among those from this sender
     * @param check the expected purpose of the message
     * @param memory the destination, of the exact length
     * @param flow when the sender sends a large message
     * @return progresses as bytes arrive, in order; complete when all have arrived
     */
    Transfer receive(int from, long tag, int check, HostView memory, Flow flow);

    /**
     * Gives up: the current step fails on every rank with this rank's name and the cause.
     *
     * @param cause the reason, in words
     */
    void abort(String cause);

    /**
     * Throws if the group has failed or this task was killed; otherwise does nothing.
     *
     * @throws io.kiln.kvstore.PeerFailedException if a rank has failed
     */
    void check();

    /**
     * Leaves the group: waits a short while for the others to leave too, then frees sockets and threads. Idempotent.
     */
    @Override
    void close();
}
