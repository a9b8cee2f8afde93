package io.kiln.benchmarks;

import java.io.IOException;
import java.io.Writer;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** How a process ends that takes orders on its standard input. */
public final class ChildProcess {

    private ChildProcess() {}

    /** Closes its input, waits for its end, and ends by force what is left of it and of its own children. */
    public static void end(Process process, Writer orders) throws IOException {
        List<ProcessHandle> children = process.descendants().toList();
        try {
            orders.close();
            if (!process.waitFor(30, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        } finally {
            children.forEach(ProcessHandle::destroyForcibly);
        }
    }
}
