package io.kiln.cpu;

import io.kiln.cpu.natives.OpenMp;

/**
 * Runs parts on libgomp's threads, the same ones that oneDNN computes with. One pool for both matters: its workers spin
 * for some milliseconds after each region, so a second pool would compete with them for the cores (measured on two
 * cores: 14–54 µs for a region of another pool right after a region of oneDNN, 1–2 µs here).
 *
 * <p>Concurrency: belongs to one thread. Each calling thread has its own libgomp team.
 */
final class OmpParallel implements Parallel {

    private final int threads;
    private final OpenMp openMp;
    private final OpenMp.Region region;
    private volatile PartBody body;
    private volatile int parts;
    private volatile Throwable failure;

    OmpParallel(OpenMp openMp, int threads) {
        this.openMp = openMp;
        this.threads = threads;
        this.region = openMp.region(this::share);
        openMp.setThreads(threads);
    }

    @Override
    public int threads() {
        return threads;
    }

    @Override
    public void run(int parts, PartBody body) {
        if (parts <= 1 || threads == 1 || this.body != null) {
            SerialParallel.INSTANCE.run(parts, body);
            return;
        }
        this.parts = parts;
        this.body = body;
        try {
            region.run(Math.min(parts, threads));
        } finally {
            this.body = null;
        }
        Throwable thrown = failure;
        if (thrown != null) {
            failure = null;
            rethrow(thrown);
        }
    }

    private void share() {
        int step = openMp.teamSize();
        for (int part = openMp.threadIndex(); part < parts; part += step) {
            try {
                body.run(part);
            } catch (Throwable t) { // must not unwind into native code
                failure = t;
            }
        }
    }

    static void rethrow(Throwable thrown) {
        if (thrown instanceof RuntimeException) {
            throw (RuntimeException) thrown;
        }
        if (thrown instanceof Error) {
            throw (Error) thrown;
        }
        throw new IllegalStateException("a part of a parallel kernel failed", thrown);
    }
}
