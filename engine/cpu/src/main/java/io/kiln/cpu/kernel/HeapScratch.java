package io.kiln.cpu.kernel;

/**
 * Heap arrays for work inside one kernel; they belong to the thread, so that calls do not allocate them.
 *
 * <p>Concurrency: belongs to its thread. Nothing in it outlives the kernel, and a kernel must not use it after calling
 * another one.
 */
final class HeapScratch {
    private static final ThreadLocal<HeapScratch> CURRENT = ThreadLocal.withInitial(HeapScratch::new);

    private final float[][] floats = new float[2][0];
    private int[] ints = {};

    private HeapScratch() {}

    /**
     * Floats with arbitrary content.
     *
     * @param which 0 or 1, for two arrays at a time
     * @param length minimum length
     */
    static float[] floats(int which, int length) {
        HeapScratch own = CURRENT.get();
        if (own.floats[which].length < length) {
            own.floats[which] = new float[length];
        }
        return own.floats[which];
    }

    /**
     * Ints with arbitrary content.
     *
     * @param length minimum length
     */
    static int[] ints(int length) {
        HeapScratch own = CURRENT.get();
        if (own.ints.length < length) {
            own.ints = new int[length];
        }
        return own.ints;
    }
}
