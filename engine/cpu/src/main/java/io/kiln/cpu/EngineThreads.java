package io.kiln.cpu;

import io.kiln.cpu.natives.Natives;

/**
 * The number of threads that kernels called by the current thread may use, and the {@link Parallel} that runs them.
 *
 * <p>The number is set by the owner of the thread (a Spark task sets its {@code spark.task.cpus}). It is never guessed
 * from the host, because several tasks share a host, and too many threads cost far more than too few. If unset, it is
 * the system property {@code kiln.cpu.threads}, or 1 without that.
 *
 * <p>Concurrency: everything here affects the calling thread only.
 */
public final class EngineThreads {

    private static final ThreadLocal<EngineThreads> CURRENT = ThreadLocal.withInitial(EngineThreads::new);

    private int count = Math.max(1, Integer.getInteger("kiln.cpu.threads", 1));
    private Parallel parallel;

    private EngineThreads() {}

    /**
     * The number of threads of the calling thread's kernels, including itself.
     *
     * @return at least 1
     */
    public static int count() {
        return CURRENT.get().count;
    }

    /**
     * Sets the number of threads for kernels that the calling thread runs from now on.
     *
     * @param count at least 1
     * @throws IllegalArgumentException if {@code count} is less than 1
     */
    public static void set(int count) {
        if (count < 1) {
            throw new IllegalArgumentException(
                    "engine threads: expected at least 1, got " + count + "; give the cores of the task");
        }
        EngineThreads current = CURRENT.get();
        if (current.count != count) {
            current.count = count;
            current.parallel = null;
        }
    }

    /**
     * The parallel runner of the calling thread. The first call (and the first after {@link #set}) also passes the
     * number of threads to oneDNN's OpenMP library.
     *
     * @return a runner for the calling thread only
     */
    public static Parallel parallel() {
        EngineThreads current = CURRENT.get();
        if (current.parallel == null) {
            current.parallel = create(current.count);
        }
        return current.parallel;
    }

    private static Parallel create(int count) {
        Natives natives = Natives.get();
        if (natives.isAvailable()) {
            return new OmpParallel(natives.openMp(), count);
        }
        return count == 1 ? SerialParallel.INSTANCE : new JavaParallel(count);
    }
}
