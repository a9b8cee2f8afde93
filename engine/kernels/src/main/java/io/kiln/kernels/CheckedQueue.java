package io.kiln.kernels;

import io.kiln.backend.Queue;

/** A queue whose kernels may find values wrong, which is told when somebody waits for it. */
public interface CheckedQueue extends Queue {
    /**
     * What kernels have found wrong with values.
     *
     * @return the checks of this queue
     */
    ValueChecks checks();

    /**
     * What kernels check that the calling thread has captured.
     *
     * @return the checks of its capture; null outside one
     */
    default ValueChecks.Captured capturedChecks() {
        return null;
    }
}
