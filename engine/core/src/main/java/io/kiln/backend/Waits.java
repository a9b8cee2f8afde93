package io.kiln.backend;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * How a thread waits for a {@link Queue}, so that it needs to wait once only: what was copied to the host before has arrived with
 * it, and checks whose outcome lies on the device are made then.
 *
 * <p>Life cycle: of the {@link Context} that has the queue. Concurrency: belongs to the context's thread.
 */
public final class Waits {
    /** Checks that wait, as in a long training that never asks for a value; one more waits for the device itself. */
    private static final int MOST_CHECKS = 4096;

    private static final Duration PATIENCE = Duration.ofMinutes(5);

    private final Queue queue;
    private List<Check> checks = new ArrayList<>();
    private long count;

    Waits(Queue queue) {
        this.queue = queue;
    }

    /** A look at values that have arrived. */
    public interface Check {
        /**
         * Looks at the values and frees what it holds.
         *
         * @return what is wrong with them; null when nothing is
         */
        RuntimeException look();
    }

    /**
     * How often the thread has waited.
     *
     * @return a number that grows with each wait: what was given to the queue at a smaller one has ended
     */
    public long count() {
        return count;
    }

    /**
     * Has a check made when the thread waits next.
     *
     * @param check looks at values whose copy to the host was given to the queue
     */
    public void add(Check check) {
        checks.add(check);
        if (checks.size() > MOST_CHECKS) {
            synchronize(PATIENCE);
        }
    }

    /**
     * Waits until everything that was given to the queue has ended, and makes the checks that were added since the last time.
     *
     * @param deadline how long at most
     * @throws IllegalStateException when the deadline passes or work has failed
     * @throws RuntimeException what the first check that fails has to say; a fault that a kernel found in the values that it was
     *     given stands behind it
     */
    public void synchronize(Duration deadline) {
        RuntimeException fault = null;
        try {
            queue.synchronize(deadline);
        } catch (IndexOutOfBoundsException e) {
            fault = e; // of values: the work itself has ended
        }
        count++;
        RuntimeException failed = look();
        if (failed != null && fault != null) {
            failed.addSuppressed(fault);
        }
        fault = failed == null ? fault : failed;
        if (fault != null) {
            throw fault;
        }
    }

    /** Makes the checks that are left. */
    void end() {
        if (!checks.isEmpty()) {
            synchronize(PATIENCE);
        }
    }

    private RuntimeException look() {
        if (checks.isEmpty()) {
            return null;
        }
        List<Check> all = checks;
        checks = new ArrayList<>();
        RuntimeException first = null;
        for (Check c : all) {
            RuntimeException failed = c.look();
            first = first == null ? failed : first;
        }
        return first;
    }
}
