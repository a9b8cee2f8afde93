package io.kiln.backend;

/**
 * Memory that goes from one queue to another: the queue that has it, and the event of its last use there. Where work runs inline
 * there is nothing to wait for.
 *
 * @param queue the queue that used it last
 * @param event the end of that use
 */
public record Handover(Queue queue, Event event) {
    /**
     * Ends a use of memory in the calling thread's {@linkplain Context#queue(Backend) queue}: everything that the queue was given
     * so far belongs to it.
     *
     * @param backend whose memory it is
     * @return the handover
     */
    public static Handover of(Backend backend) {
        return of(Context.current().queue(backend));
    }

    /**
     * Ends a use of memory in a queue.
     *
     * @param queue the queue: everything that it was given so far belongs to the use
     * @return the handover
     */
    public static Handover of(Queue queue) {
        return new Handover(queue, queue.record());
    }

    /**
     * Lets another queue use the memory: what it is given from now on begins after the last use.
     *
     * @param next the queue; the one that has the memory waits for nothing
     */
    public void to(Queue next) {
        if (next != queue) {
            next.await(event);
        }
    }
}
