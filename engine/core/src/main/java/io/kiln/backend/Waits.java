package io.kiln.backend;

import io.kiln.ndarray.IndexRangeException;
import io.kiln.ndarray.NDArray;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * How a thread waits for a {@link Queue}. A single wait is enough: copies to the host submitted before have arrived
 * with it, and checks whose outcome is on the device run then.
 *
 * <p>Life cycle: of the {@link Context} that has the queue. Concurrency: belongs to the context's thread.
 */
public final class Waits {
    /** The most pending checks, for training that never reads a value; one more check waits for the device. */
    private static final int MOST_CHECKS = 4096;

    private static final Duration PATIENCE = Duration.ofMinutes(5);

    private final Queue queue;
    private List<Pending> checks = new ArrayList<>();
    private List<Runnable> arrangements;
    private List<Runnable> preparations;
    private List<NDArray> kept;
    private long count;

    Waits(Queue queue) {
        this.queue = queue;
    }

    /** A check, and the layer whose values it looks at. */
    private record Pending(Check check, String layer) {
        RuntimeException look() {
            RuntimeException failed = check.look();
            return failed instanceof IndexRangeException e ? e.late(layer) : failed;
        }
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
     * @param layer the {@linkplain CurrentLayer#path path} of the layer whose values they are
     */
    public void add(Check check, String layer) {
        checks.add(new Pending(check, layer));
        if (checks.size() > MOST_CHECKS) {
            synchronize(PATIENCE);
        }
    }

    /**
     * Has the queue capture work.
     *
     * @param work as for {@link Queue#capture}
     * @param checks receives what arranges the checks of values that the work computes, to run after each replay
     * @return the work
     */
    public Recording capture(Runnable work, List<Runnable> checks) {
        arrangements = checks;
        preparations = new ArrayList<>();
        kept = new ArrayList<>();
        Recording recording = null;
        boolean prepared = false;
        try {
            recording = queue.capture(work);
            preparations.forEach(Runnable::run);
            prepared = true;
            return kept.isEmpty() ? recording : new Owner(recording, kept);
        } finally {
            arrangements = null;
            preparations = null;
            if (!prepared) {
                close(recording, kept);
            }
            kept = null;
        }
    }

    private static void close(Recording recording, List<NDArray> kept) {
        try {
            if (recording != null) {
                recording.close();
            }
        } finally {
            kept.forEach(NDArray::close);
        }
    }

    /** Captured work, and arrays that nobody else closes. */
    private record Owner(Recording recording, List<NDArray> kept) implements Recording {
        @Override
        public void replay() {
            recording.replay();
        }

        @Override
        public void close() {
            Waits.close(recording, kept);
        }

        @Override
        public String toString() {
            return recording.toString();
        }
    }

    /**
     * Whether work is being captured, whose values are not there yet.
     *
     * @return true within {@link #capture}
     */
    public boolean isCapturing() {
        return arrangements != null;
    }

    /**
     * Postpones a check of values that are being captured.
     *
     * @param check copies the values to the host and {@linkplain #add adds} the check, after each replay
     */
    public void arrange(Runnable check) {
        arrangements.add(check);
    }

    /**
     * Postpones what is given to the queue once, after work was captured and before it is replayed.
     *
     * @param once such as what sets a first value
     */
    public void prepare(Runnable once) {
        preparations.add(once);
    }

    /**
     * Closes arrays with the work that is being captured.
     *
     * @param arrays what the work uses from replay to replay
     */
    public void keep(NDArray... arrays) {
        kept.addAll(List.of(arrays));
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
        List<Pending> all = checks;
        checks = new ArrayList<>();
        RuntimeException first = null;
        for (Pending c : all) {
            RuntimeException failed = c.look();
            first = first == null ? failed : first;
        }
        return first;
    }
}
