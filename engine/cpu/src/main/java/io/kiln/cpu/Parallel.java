package io.kiln.cpu;

/**
 * Runs the parts of one kernel on the engine threads of the calling thread.
 *
 * <p>The partition is fixed: the same number of parts gives the same parts, so a kernel whose result depends only on
 * its partition (a reduction in fixed order) gives the same bits on every run. Part 0 runs on the calling thread.
 *
 * <p>Concurrency: an instance belongs to the thread that got it from {@link EngineThreads#parallel()} and must not be
 * shared. A call from inside a part runs its parts one by one on that part's thread.
 */
public interface Parallel {

    /**
     * The largest number of parts that run at the same time, at least 1.
     *
     * @return the number of threads, including the calling one
     */
    int threads();

    /**
     * Runs {@code body} once for each part {@code 0 … parts-1} and returns when all have ended. With one part or one
     * thread everything runs on the calling thread. The first failure of a part is rethrown here, after all parts have
     * ended.
     *
     * @param parts number of parts, at least 0; if there are more than {@link #threads()}, threads take them in turn
     * @param body what to run; must not wait for another part
     */
    void run(int parts, PartBody body);

    /**
     * Splits {@code 0 … size-1} into at most {@link #threads()} ranges of at least {@code grain} elements and runs
     * them.
     *
     * @param size number of elements
     * @param grain minimum number of elements for a thread (a region of two threads costs about 2 µs)
     * @param body what to run for each range
     */
    default void forRange(long size, long grain, RangeBody body) {
        int parts = partsFor(size, grain);
        if (parts <= 1) {
            if (size > 0) {
                body.run(0, size);
            }
            return;
        }
        run(parts, part -> body.run(split(size, parts, part), split(size, parts, part + 1)));
    }

    /**
     * Number of parts for a loop of {@code size} elements: between 1 and {@link #threads()}, each of at least
     * {@code grain} elements if there is more than one.
     *
     * @param size number of elements
     * @param grain minimum number of elements for a thread
     * @return number of parts
     */
    default int partsFor(long size, long grain) {
        return (int) Math.max(1, Math.min(threads(), size / Math.max(1, grain)));
    }

    /**
     * Start of range {@code part} when {@code size} elements are split evenly into {@code parts} ranges.
     *
     * @param size number of elements
     * @param parts number of ranges
     * @param part index of the range, {@code 0 … parts}; {@code parts} gives {@code size}
     * @return index of the first element
     */
    static long split(long size, int parts, int part) {
        long quotient = size / parts;
        return part * quotient + Math.min(part, size % parts);
    }

    /** One part of a kernel. */
    @FunctionalInterface
    interface PartBody {

        /**
         * Runs the part.
         *
         * @param part its index
         */
        void run(int part);
    }

    /** A range of a loop. */
    @FunctionalInterface
    interface RangeBody {

        /**
         * Runs the range.
         *
         * @param from first index
         * @param to one past the last index
         */
        void run(long from, long to);
    }
}
