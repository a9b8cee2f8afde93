package io.kiln.cpu.onednn;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * Records the oneDNN calls of one kernel while they are made, so that they can be replayed without the code that led to
 * them: no tensor descriptions are created, and no cached primitives are looked up.
 *
 * <p>Concurrency: belongs to the thread on which it is open.
 */
public final class CallLog {
    private final List<Plan> plans = new ArrayList<>();
    private final List<long[]> addresses = new ArrayList<>();
    private CpuContext context;
    private boolean watched;
    private boolean invalid;

    /** Creates an empty log. */
    public CallLog() {}

    /**
     * Records the calls that a kernel makes on this thread.
     *
     * @param kernel the kernel, which does nothing but oneDNN calls
     * @return what it returned
     */
    public boolean record(BooleanSupplier kernel) {
        context = CpuContext.current();
        context.log(this);
        try {
            return kernel.getAsBoolean();
        } finally {
            context.log(null);
        }
    }

    void add(Plan plan, long... slots) {
        plans.add(plan);
        addresses.add(slots.clone());
    }

    /** Notes that a kernel checked for invalid operations; if it found some, it continues on a path that is not recorded. */
    void watch(boolean raised) {
        watched = true;
        invalid |= raised;
    }

    /**
     * The calls in a form that can be replayed with other addresses.
     *
     * @param starts addresses of the memory that may be read or written
     * @param bytes size of each
     * @return the calls; null if there are none, one accesses other memory, or invalid operations occurred
     */
    public RecordedCalls calls(long[] starts, long[] bytes) {
        if (plans.isEmpty() || invalid) {
            return null;
        }
        int[][] arrays = new int[plans.size()][];
        long[][] offsets = new long[plans.size()][];
        for (int c = 0; c < arrays.length; c++) {
            arrays[c] = new int[addresses.get(c).length];
            offsets[c] = new long[arrays[c].length];
            for (int slot = 0; slot < arrays[c].length; slot++) {
                if (!plans.get(c).uses(slot)) {
                    arrays[c][slot] = -1;
                    continue;
                }
                int found = find(addresses.get(c)[slot], starts, bytes);
                if (found < 0) {
                    return null;
                }
                arrays[c][slot] = found;
                offsets[c][slot] = addresses.get(c)[slot] - starts[found];
            }
        }
        return new RecordedCalls(context, plans.toArray(new Plan[0]), arrays, offsets, watched);
    }

    private static int find(long address, long[] starts, long[] bytes) {
        for (int i = 0; i < starts.length; i++) {
            if (address == starts[i]) {
                return i;
            }
        }
        for (int i = 0; i < starts.length; i++) {
            if (address > starts[i] && address < starts[i] + bytes[i]) {
                return i;
            }
        }
        return -1;
    }
}
