package io.kiln.backend;

import io.kiln.compile.Target;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.Operator;
import io.kiln.pointwise.PointwiseProgram;

/**
 * What a device offers. A backend needs kernels for the primitive kinds of operators only: an operator that it does not
 * {@linkplain #execute run} falls back to its composition.
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
     * The memory of the device.
     *
     * @return its allocator
     */
    Allocator allocator();

    /**
     * Runs an operator on arrays of this device. Shapes and dtypes have been checked.
     *
     * @param operator the operator with its attributes
     * @param inputs its inputs, in any strides
     * @param outputs what the operator's rule says of the outputs; a kernel may choose any dense strides
     * @return new arrays, or views of the inputs; null when this backend has no kernel for it
     */
    NDArray[] execute(Operator operator, NDArray[] inputs, Spec[] outputs);

    /**
     * Runs a pointwise program, in place where an output is the same memory as an input.
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
     * What the device contributes to compiling graphs for it.
     *
     * @return its part of the compiler
     */
    default Target target() {
        return Target.PLAIN;
    }

    /**
     * Copies from the device to host memory and waits until it is done.
     *
     * @param from device address
     * @param toHost host address
     * @param bytes how many
     */
    void copyToHost(long from, long toHost, long bytes);

    /**
     * Copies from host memory to the device.
     *
     * @param fromHost host address
     * @param to device address
     * @param bytes how many
     */
    void copyFromHost(long fromHost, long to, long bytes);

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

    /** Waits until all work given to the device is done. */
    void synchronize();

    /**
     * What runs here, for logs: library versions, instruction set, threads.
     *
     * @return one line
     */
    String describe();
}
