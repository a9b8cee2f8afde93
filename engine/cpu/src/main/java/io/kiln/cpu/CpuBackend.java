package io.kiln.cpu;

import io.kiln.backend.Allocator;
import io.kiln.backend.Device;
import io.kiln.backend.KernelPlan;
import io.kiln.backend.Queue;
import io.kiln.backend.Traits;
import io.kiln.compile.CompilingBackend;
import io.kiln.compile.Target;
import io.kiln.cpu.kernel.NetworkKernels;
import io.kiln.cpu.kernel.SpecialKernels;
import io.kiln.cpu.natives.Natives;
import io.kiln.cpu.tile.AxisKernels;
import io.kiln.cpu.tile.IndexKernels;
import io.kiln.cpu.tile.PointwiseKernels;
import io.kiln.cpu.tile.RandomKernels;
import io.kiln.cpu.tile.ReductionKernels;
import io.kiln.ndarray.Layout;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.ndarray.internal.Memory;
import io.kiln.op.Operator;
import io.kiln.pointwise.PointwiseProgram;
import java.util.List;

/** The CPU backend: kernels on off-heap memory, run by the caller's {@linkplain EngineThreads engine threads}. */
public final class CpuBackend implements CompilingBackend {
    private static final int ALIGNMENT = 64;
    private static final Traits TRAITS = new Traits(true, false);

    private final Allocator allocator;
    private final PointwiseKernels pointwise = new PointwiseKernels();
    private final KernelTable kernels = new KernelTable(
            pointwise::plan,
            List.of(
                    pointwise::contribute,
                    ReductionKernels::contribute,
                    AxisKernels::contribute,
                    IndexKernels::contribute,
                    RandomKernels::contribute,
                    NetworkKernels::contribute,
                    SpecialKernels::contribute));
    private final Target target = new CpuTarget(kernels);

    /** Opens the backend with the memory budget of this JVM. */
    public CpuBackend() {
        allocator = new Allocator(
                Allocator.Order.INLINE,
                CpuBackend::allocateAligned,
                CpuBackend::freeAligned,
                MemoryBudget.bytes(),
                MemoryBudget.REMEDY);
    }

    @Override
    public Device device() {
        return Device.cpu();
    }

    @Override
    public Traits traits() {
        return TRAITS;
    }

    @Override
    public Allocator allocator() {
        return allocator;
    }

    @Override
    public Allocator hostMemory() {
        return allocator;
    }

    @Override
    public Queue queue() {
        return InlineQueue.INSTANCE;
    }

    @Override
    public Queue newQueue(String name) {
        return InlineQueue.INSTANCE;
    }

    @Override
    public KernelPlan plan(Operator operator, Layout[] inputs, Spec[] outputs) {
        return kernels.plan(operator, inputs, outputs);
    }

    @Override
    public Spec[] residuals(Operator operator, Spec... inputs) {
        return kernels.residuals(operator, inputs);
    }

    @Override
    public void run(PointwiseProgram program, NDArray[] inputs, NDArray[] outputs, double... scalars) {
        pointwise.run(program, inputs, outputs, scalars);
    }

    @Override
    public Prepared prepare(PointwiseProgram program, NDArray[] inputs, NDArray[] outputs) {
        return pointwise.prepare(program, inputs, outputs);
    }

    @Override
    public void putRows(NDArray to, NDArray numbers, NDArray rows) {
        IndexKernels.putRows(to, numbers, rows);
    }

    @Override
    public Target target() {
        return target;
    }

    @Override
    public void setThreads(int threads) {
        EngineThreads.set(threads);
    }

    @Override
    public int threads() {
        return EngineThreads.count();
    }

    @Override
    public String describe() {
        return "cpu: " + System.getProperty("os.arch") + ", " + threads() + " engine threads, oneDNN "
                + (Natives.get().isAvailable() ? "available" : "absent") + ", memory budget "
                + (allocator.budget() >> 20) + " MiB";
    }

    /** The address that the system returned is stored just before the aligned one. */
    private static long allocateAligned(long bytes) {
        try {
            long given = Memory.allocate(bytes + ALIGNMENT);
            long aligned = (given + ALIGNMENT) & -ALIGNMENT;
            Memory.putLong(aligned - Long.BYTES, given);
            return aligned;
        } catch (OutOfMemoryError e) {
            return 0;
        }
    }

    private static void freeAligned(long address) {
        Memory.free(Memory.getLong(address - Long.BYTES));
    }
}
