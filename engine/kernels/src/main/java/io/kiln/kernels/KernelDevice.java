package io.kiln.kernels;

import io.kiln.backend.KernelPlan;
import io.kiln.compile.CompilingBackend;
import io.kiln.compile.Target;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.Layout;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.Operator;
import io.kiln.pointwise.PointwiseProgram;

/**
 * A device that builds kernels from sources in the dialect ({@code dialect.h}) and launches them. Its {@link Kernels} do the rest: they
 * plan operators, run pointwise programs and take the way through the CPU for what has no kernel.
 *
 * <p>Concurrency: thread-safe.
 */
public interface KernelDevice extends CompilingBackend {
    /**
     * The kernels of the device.
     *
     * @return its kernels, always the same
     */
    Kernels kernels();

    /**
     * Whether it computes in float64.
     *
     * @return false if what needs float64 goes through the CPU
     */
    boolean hasDoubles();

    /**
     * How many bytes the arguments of a kernel may take.
     *
     * @return the bytes
     */
    long parameterBytes();

    /**
     * How much local memory a group may take.
     *
     * @return the bytes; by default what OpenCL demands of a device
     */
    default long localBytes() {
        return 32 << 10;
    }

    /**
     * Whether attention is computed tile by tile, without its weights in memory, where it could be composed of products of matrices.
     *
     * @param dtype dtype of queries, keys and values
     * @param bytes what the weights would take
     * @return false if products are so much faster that memory does not matter
     */
    default boolean attendsInTiles(DType dtype, long bytes) {
        return true;
    }

    /**
     * How many groups of work items run at a time, or a multiple that keeps the device busy.
     *
     * @return the number of groups, of 64 work items each
     */
    long groups();

    /**
     * Builds a kernel.
     *
     * @param source the source, dialect included
     * @param macros options such as {@code -DT=float -DT_FLOAT}
     * @param kernel name of the kernel
     * @param what where the source comes from, for messages
     * @return the kernel
     * @throws IllegalStateException if the source does not compile; has the compiler's words
     */
    DeviceKernel build(String source, String macros, String kernel, String what);

    /**
     * Numbers that stay on the device and are freed when nothing refers to them.
     *
     * @param numbers an array of int, long, float or double
     * @return an argument of kernels
     */
    Object constants(Object numbers);

    @Override
    default Target target() {
        return kernels().table();
    }

    @Override
    default KernelPlan plan(Operator operator, Layout[] inputs, Spec[] outputs) {
        return kernels().plan(operator, inputs, outputs);
    }

    @Override
    default Spec[] residuals(Operator operator, Spec... inputs) {
        return kernels().table().residuals(operator, inputs);
    }

    @Override
    default void run(PointwiseProgram program, NDArray[] inputs, NDArray[] outputs, double... scalars) {
        kernels().run(program, inputs, outputs, scalars);
    }

    @Override
    default void putRows(NDArray to, NDArray numbers, NDArray rows) {
        new IndexKernels(kernels()).putRows(to, numbers, rows);
    }

    /** The number of threads is that of the CPU, for what falls back to it. */
    @Override
    default void setThreads(int threads) {
        HostFallback.processor().setThreads(threads);
    }

    @Override
    default int threads() {
        return HostFallback.processor().threads();
    }
}
