package io.kiln.cpu.onednn;

/**
 * oneDNN calls that were made once and can be made again, with other addresses, on the same thread.
 *
 * <p>Concurrency: belongs to the thread that recorded them.
 */
public final class RecordedCalls {
    private final CpuContext context;
    private final int threads;
    private final Plan[] plans;
    private final int[][] arrays;
    private final long[][] offsets;

    RecordedCalls(CpuContext context, Plan[] plans, int[][] arrays, long[][] offsets) {
        this.context = context;
        this.threads = context.threads();
        this.plans = plans;
        this.arrays = arrays;
        this.offsets = offsets;
    }

    /**
     * Makes the calls.
     *
     * @param starts addresses, in the order in which they were given when the calls were recorded
     * @return false, with nothing done, on another thread, with another number of engine threads, or when oneDNN's calls have
     *     left the cache
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
        return true;
    }
}
