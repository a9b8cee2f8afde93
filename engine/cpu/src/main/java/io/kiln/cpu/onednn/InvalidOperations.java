package io.kiln.cpu.onednn;

import io.kiln.cpu.natives.InvalidFlag;
import io.kiln.cpu.natives.Natives;
import io.kiln.cpu.natives.OpenMp;

/**
 * Whether oneDNN's calls swallowed or produced a NaN.
 *
 * <p>Concurrency: belongs to the thread of its context.
 */
final class InvalidOperations {
    private final InvalidFlag flag = Natives.get().invalidFlag();
    private final OpenMp.Region look = Natives.get().openMp().region(this::look);
    private volatile boolean raised;

    private void look() {
        if (flag.isRaised()) {
            raised = true;
        }
    }

    /** Whether the flag is raised on one of the threads that run calls; clears it. */
    boolean take(int threads) {
        raised = false;
        if (threads == 1) {
            look();
        } else {
            look.run(threads);
        }
        if (raised) {
            flag.lower(threads);
        }
        return raised;
    }
}
