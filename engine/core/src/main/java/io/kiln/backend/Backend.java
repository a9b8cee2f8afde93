package io.kiln.backend;

import io.kiln.ndarray.Layout;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.Operator;
import io.kiln.pointwise.PointwiseProgram;
import java.util.List;
import java.util.Optional;

/**
 * The interface of a device. A backend needs kernels only for the primitive operators: an operator that it does not
 * {@linkplain #plan plan} falls back to its composition.
 *
 * <p>Concurrency: thread-safe; the number of threads is a setting of the calling thread.
 */
public interface Backend {
    /** The residuals of an operator that keeps nothing. */
    Spec[] NO_RESIDUALS = {};

    /**
     * Returns the device.
     *
     * @return the device
     */
    Device device();

    /**
     * Returns the device's capabilities.
     *
     * @return its traits
     */
    Traits traits();

    /**
     * Returns the device's memory.
     *
     * @return its allocator
     */
    Allocator allocator();

    /**
     * Returns memory that Java reads and writes and the device copies from and to, pinned if the device requires it.
     *
     * @return its allocator; the device's own if that is {@linkplain Traits#hostAddressable host memory}
     */
    Allocator hostMemory();

    /**
     * Returns the queue for threads without their own.
     *
     * @return the queue, which stays open
     */
    Queue queue();

    /**
     * Creates a queue.
     *
     * @param name its purpose, shown in profilers
     * @return the queue, to be closed
     */
    Queue newQueue(String name);

    /**
     * Plans how to run an operator: whether this backend has a kernel for inputs with these layouts, how that kernel
     * lays out its results, and how much workspace it needs. Shapes and dtypes have been checked.
     *
     * @param operator the operator with its attributes, not a view
     * @param inputs layouts of its inputs
     * @param outputs the outputs according to the operator's rule
     * @return the plan; null if this backend has no kernel for it, in which case it is composed of other operators
     */
    KernelPlan plan(Operator operator, Layout[] inputs, Spec[] outputs);

    /**
     * What this backend's kernel of an operator keeps for that of its gradient, beside the outputs. Where a gradient
     * will be taken, {@link io.kiln.op.internal.Keeping} is planned in place of the operator, for whatever layouts, and
     * its kernel writes the residuals behind the outputs; {@link io.kiln.op.internal.FromResiduals} gives them to the
     * kernel of the gradient. Only the backend knows what they mean. In those of dtype {@code UINT8}, bytes that the
     * gradient does not read may stay unwritten.
     *
     * @param operator the operator
     * @param inputs shape and dtype of its inputs
     * @return shape and dtype of each residual; empty, as by default, if nothing is kept
     */
    default Spec[] residuals(Operator operator, Spec... inputs) {
        return NO_RESIDUALS;
    }

    /**
     * Runs a pointwise program, in place if an output has the same memory as an input. The caller counts the writes
     * ({@link Storage#bumpVersion}), as for all methods of a backend.
     *
     * @param program the program
     * @param inputs arrays that broadcast to the outputs' shape
     * @param outputs existing arrays of one shape, overwritten
     * @param scalars the program's scalars; work that is {@linkplain Queue#capture captured} keeps the array, and reads
     *     it anew each time that it is replayed
     */
    void run(PointwiseProgram program, NDArray[] inputs, NDArray[] outputs, double... scalars);

    /** A pointwise program prepared for arrays with certain shapes and strides. One thread at a time. */
    interface Prepared {
        /**
         * Runs the program.
         *
         * @param inputs the arrays for which it was prepared, or others
         * @param outputs the arrays for which it was prepared, or others
         * @param scalars the program's scalars
         */
        void run(NDArray[] inputs, NDArray[] outputs, double... scalars);
    }

    /**
     * Prepares a pointwise program for many runs on the same arrays, or on others with the same shapes and strides,
     * without lookups or allocation of objects.
     *
     * @param program the program
     * @param inputs arrays as for {@link #run}
     * @param outputs arrays as for {@link #run}
     * @return the program; it computes what {@link #run} computes, for any arrays that overlap in the same way as the
     *     given ones
     */
    default Prepared prepare(PointwiseProgram program, NDArray[] inputs, NDArray[] outputs) {
        return (in, out, scalars) -> run(program, in, out, scalars);
    }

    /**
     * Overwrites whole rows of an array: row numbers[i] of it becomes row i of another.
     *
     * @param to the array, row-major
     * @param numbers indices of its rows, int64, each at most once
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
     * What adds up arrays of several devices at once, where there is something better than copies to one of them. Whether
     * its sums may have other bits than those of arrays added one after the other is for the backend's settings to say.
     *
     * @param devices two or more devices of this backend's type, in ascending order, this one among them
     * @return it, to be closed; empty, as by default, if there is nothing better
     */
    default Optional<Collective> collective(List<Device> devices) {
        return Optional.empty();
    }

    /**
     * What all processes use of the device: how busy it is, and its memory.
     *
     * @return the usage; empty, as by default, where nothing tells
     */
    default Optional<DeviceUsage> usage() {
        return Optional.empty();
    }

    /**
     * Sets the number of threads for operators called from this thread.
     *
     * @param threads at least 1
     */
    void setThreads(int threads);

    /**
     * The number of threads for operators called from this thread.
     *
     * @return the number of threads
     */
    int threads();

    /**
     * A description of the backend for logs: library versions, instruction set, threads.
     *
     * @return one line
     */
    String describe();
}
