package io.kiln.backend;

import io.kiln.ndarray.Layout;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.Operator;
import io.kiln.pointwise.PointwiseProgram;

/**
 * What a device offers. A backend needs kernels for the primitive kinds of operators only: an operator that it does not
 * {@linkplain #plan plan} falls back to its composition.
 *
 * <p>Concurrency: thread-safe; the number of threads is a setting of the calling thread.
 */
public interface Backend {
    /**
     * The device.
     *
     * @return which one it is
     */
    Device device();

    /**
     * What the device can do.
     *
     * @return its traits
     */
    Traits traits();

    /**
     * The memory of the device.
     *
     * @return its allocator
     */
    Allocator allocator();

    /**
     * Memory that Java reads and writes and the device copies from and to: pinned where the device wants it so.
     *
     * @return its allocator; the device's own where that is {@linkplain Traits#hostAddressable host memory}
     */
    Allocator hostMemory();

    /**
     * The queue for threads that have none of their own.
     *
     * @return the queue, which stays open
     */
    Queue queue();

    /**
     * Makes a queue.
     *
     * @param name what for, to be seen in profilers
     * @return the queue, to be closed
     */
    Queue newQueue(String name);

    /**
     * Plans how to run an operator: whether this backend has a kernel for inputs of these layouts, how that one lays out its
     * results and how much memory it needs beside them. Shapes and dtypes have been checked.
     *
     * @param operator the operator with its attributes, not a view
     * @param inputs layouts of its inputs
     * @param outputs what the operator's rule says of the outputs
     * @return the plan; null when this backend has no kernel for it: it is then composed of other operators
     */
    KernelPlan plan(Operator operator, Layout[] inputs, Spec[] outputs);

    /**
     * Runs a pointwise program, in place where an output is the same memory as an input. Counting the writes is the
     * caller's part ({@link Storage#bumpVersion}), here as in all of the backend's methods.
     *
     * @param program the program
     * @param inputs arrays of one shape
     * @param outputs existing arrays of that shape, overwritten
     * @param scalars the program's scalars
     */
    void run(PointwiseProgram program, NDArray[] inputs, NDArray[] outputs, double... scalars);

    /** A pointwise program made ready for arrays of certain shapes and strides. One thread at a time. */
    interface Prepared {
        /**
         * Runs the program.
         *
         * @param inputs the arrays it was made ready for, or others
         * @param outputs the arrays it was made ready for, or others
         * @param scalars the program's scalars
         */
        void run(NDArray[] inputs, NDArray[] outputs, double... scalars);
    }

    /**
     * Makes a pointwise program ready to be run many times on the same arrays, or on others of the same shapes and strides,
     * without looking for anything or making objects.
     *
     * @param program the program
     * @param inputs arrays as for {@link #run}
     * @param outputs arrays as for {@link #run}
     * @return the program; it computes what {@link #run} computes, for any arrays that overlap as the given ones do
     */
    default Prepared prepare(PointwiseProgram program, NDArray[] inputs, NDArray[] outputs) {
        return (in, out, scalars) -> run(program, in, out, scalars);
    }

    /**
     * Overwrites whole rows of an array: row numbers[i] of it becomes row i of another.
     *
     * @param to the array, row-major
     * @param numbers numbers of its rows, int64, each once
     * @param rows the new rows, of the same dtype
     */
    default void putRows(NDArray to, NDArray numbers, NDArray rows) {
        long[] at = numbers.toLongArray();
        for (int i = 0; i < at.length; i++) {
            try (NDArray target = to.slice(0, at[i], at[i] + 1);
                    NDArray source = rows.slice(0, i, i + 1)) {
                target.assign(source);
            }
        }
    }

    /**
     * Sets how many threads operators called from this thread use.
     *
     * @param threads at least 1
     */
    void setThreads(int threads);

    /**
     * How many threads operators called from this thread use.
     *
     * @return threads
     */
    int threads();

    /**
     * What runs here, for logs: library versions, instruction set, threads.
     *
     * @return one line
     */
    String describe();
}
