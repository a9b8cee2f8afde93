package io.kiln.backend;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * How a thread waits for a {@link Queue}. A single wait is enough: copies to the host submitted before have arrived with it,
 * and checks whose outcome is on the device run then.
 *
 * <p>Life cycle: of the {@link Context} that has the queue. Concurrency: belongs to the context's thread.
 */
public final class Waits {
    /** The most pending checks, for training that never reads a value; one more check waits for the device. */
    private static final int MOST_CHECKS = 4096;

    private static final Duration PATIENCE = Duration.ofMinutes(5);

    private final Queue queue;
    private List<Check> checks = new ArrayList<>();
    private long count;

    Waits(Queue queue) {
        this.queue = queue;
    }

    /** A check of values that have arrived. */
    public interface Check {
        /**
         * Checks the values and frees what it holds.
         *
         * @return the error; null if the values are valid
         */
        RuntimeException look();
    }

    /**
     * The number of times the thread has waited.
     *
     * @return a number that grows with each wait: work submitted at a smaller number has ended
     */
    public long count() {
        return count;
    }

    /**
     * Adds a check to run at the thread's next wait.
     *
     * @param check looks at values whose copy to the host has been submitted
     */
    public void add(Check check) {
        checks.add(check);
        if (checks.size() > MOST_CHECKS) {
            synchronize(PATIENCE);
        }
    }

    /**
     * Waits until all submitted work has ended, and runs the checks added since the last wait.
     *
     * @param deadline the longest time to wait
     * @throws IllegalStateException if the deadline passes or work has failed
     * @throws RuntimeException the error of the first check that fails, or of invalid values found by a kernel; if both
     *     exist, the latter is suppressed
     */
    public void synchronize(Duration deadline) {
        RuntimeException fault = null;
        try {
            queue.synchronize(deadline);
        } catch (IllegalStateException e) {
            throw e;
        } catch (RuntimeException e) {
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

    /** Runs the remaining checks. */
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
