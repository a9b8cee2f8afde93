package io.kiln.cpu.onednn;

/**
 * Recorded oneDNN calls that can be replayed, with other addresses, on the same thread.
 *
 * <p>Concurrency: belongs to the thread that recorded them.
 */
public final class RecordedCalls {
    private final CpuContext context;
    private final int threads;
    private final Plan[] plans;
    private final int[][] arrays;
    private final long[][] offsets;
    private final boolean watched;

    RecordedCalls(CpuContext context, Plan[] plans, int[][] arrays, long[][] offsets, boolean watched) {
        this.context = context;
        this.threads = context.threads();
        this.plans = plans;
        this.arrays = arrays;
        this.offsets = offsets;
        this.watched = watched;
    }

    /**
     * Replays the calls.
     *
     * @param starts addresses, in the order in which they were given when the calls were recorded
     * @return false if the kernel itself must run: on another thread, with another number of engine threads, after
     *     oneDNN's calls have left the cache, or if they met invalid operations that the kernel checks for
     */
    public boolean run(long[] starts) {
        CpuContext current = CpuContext.current();
        if (current != context || current.threads() != threads) {
            return false;
        }
        for (Plan plan : plans) {
            if (plan.isClosed()) {
                return false;
            }
        }
        for (int c = 0; c < plans.length; c++) {
            for (int slot = 0; slot < arrays[c].length; slot++) {
                if (arrays[c][slot] >= 0) {
                    plans[c].slot(slot, starts[arrays[c][slot]] + offsets[c][slot]);
                }
            }
            plans[c].execute(context);
        }
        return !watched || !CpuContext.tookInvalid();
    }
}
