package io.kiln.cpu.onednn;

import java.lang.ref.Cleaner;

/**
 * Frees native resources whose owner has become garbage, until the process ends: from then on oneDNN's own destructors
 * may run, and the rest is freed with the process.
 *
 * <p>Concurrency: thread-safe.
 */
final class Disposal {
    private static final Disposal INSTANCE = new Disposal();

    private final Cleaner cleaner = Cleaner.create();
    private boolean over;

    private Disposal() {
        try {
            Runtime.getRuntime().addShutdownHook(new Thread(this::end, "oneDNN disposal"));
        } catch (IllegalStateException shuttingDown) {
            over = true;
        }
    }

    /** Runs an action some time after an object has become garbage; the action must not refer to the object. */
    static void register(Object owner, Runnable free) {
        INSTANCE.cleaner.register(owner, () -> INSTANCE.run(free));
    }

    private synchronized void run(Runnable free) {
        if (!over) {
            free.run();
        }
    }

    /** Waits for a running action, if there is one. */
    private synchronized void end() {
        over = true;
    }
}
