package io.kiln.opencl;

import io.kiln.backend.Allocator;
import io.kiln.backend.Device;
import io.kiln.backend.KernelPlan;
import io.kiln.backend.Queue;
import io.kiln.backend.Storage;
import io.kiln.backend.Traits;
import io.kiln.compile.CompilingBackend;
import io.kiln.compile.Target;
import io.kiln.ndarray.Layout;
import io.kiln.ndarray.Memory;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.op.Operator;
import io.kiln.pointwise.PointwiseProgram;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jocl.cl_mem;

/**
 * A device of OpenCL. Kernels come from its table; what has neither kernel nor composition goes through
 * {@link HostFallback}.
 *
 * <p>Concurrency: thread-safe.
 */
public final class OpenClBackend implements CompilingBackend {
    /** The type of the devices. */
    public static final String TYPE = "opencl";

    private static final Traits TRAITS = new Traits(false);
    private static final int MOST_PROGRAMS = 2048;
    private static final int GROUP = 64;
    private static final int GROUPS_PER_UNIT = 32;

    private final Device device;
    private final OpenClDevice openCl;
    private final Counters counters = new Counters();
    private final DeviceMemory memory;
    private final Allocator allocator;
    private final Allocator hostMemory;
    private final Programs programs;
    private final KernelTable kernels;
    private final Queue queue;
    private final HostFallback fallback = new HostFallback(this);
    private final Map<PointwiseProgram, OpenClPointwise> pointwise = new ConcurrentHashMap<>();
    private final Map<ComputeType, KernelHandle> interpreters = new ConcurrentHashMap<>();

    OpenClBackend(int index, OpenClDevice openCl) {
        this.device = new Device(TYPE, index);
        this.openCl = openCl;
        memory = new DeviceMemory(openCl, index);
        allocator = new Allocator(
                Allocator.Order.QUEUED, memory::allocate, memory::free, MemoryLimit.bytes(openCl), MemoryLimit.REMEDY);
        hostMemory = new Allocator(
                Allocator.Order.HOST, Memory::allocate, Memory::free, MemoryLimit.bytes(openCl), MemoryLimit.REMEDY);
        programs = new Programs(openCl);
        kernels = new KernelTable(this);
        queue = newQueue("of the device");
    }

    OpenClDevice openClDevice() {
        return openCl;
    }

    Programs programs() {
        return programs;
    }

    /** Enough work items to keep the device busy, in groups of 64; each takes its share of the elements in even steps. */
    long[] items(long size) {
        long most = (long) openCl.units() * GROUPS_PER_UNIT;
        return new long[] {GROUP * Math.min(most, (size + GROUP - 1) / GROUP)};
    }

    /** The buffer of a block. */
    cl_mem buffer(Storage storage) {
        return memory.buffer(storage.address());
    }

    /** The kernel that runs any pointwise program. */
    KernelHandle interpreter(ComputeType type) {
        return interpreters.computeIfAbsent(type, t -> {
            String source = programs.resource("interpreter.cl").replace("STEPS", PointwiseSource.steps(t));
            return programs.ofSource(programs.resource("pointwise.h") + source, t.macros(), "interpret");
        });
    }

    /**
     * What the device was asked for.
     *
     * @return its counters
     */
    public Counters counters() {
        return counters;
    }

    @Override
    public Device device() {
        return device;
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
        return hostMemory;
    }

    @Override
    public Queue queue() {
        return queue;
    }

    @Override
    public Queue newQueue(String name) {
        return new OpenClQueue(this, name);
    }

    @Override
    public Target target() {
        return kernels;
    }

    @Override
    public KernelPlan plan(Operator operator, Layout[] inputs, Spec[] outputs) {
        KernelPlan plan = kernels.plan(operator, inputs, outputs);
        return plan != null || !KernelTable.isPrimitive(operator) ? plan : fallback.plan(operator, inputs, outputs);
    }

    @Override
    public void run(PointwiseProgram program, NDArray[] inputs, NDArray[] outputs, double... scalars) {
        check(program, inputs, outputs, scalars);
        if (pointwise.size() >= MOST_PROGRAMS) {
            pointwise.clear();
        }
        OpenClPointwise own = pointwise.computeIfAbsent(program, p -> new OpenClPointwise(this, p));
        NDArray[] safe = Overlap.withoutHarm(inputs, outputs);
        try {
            if (!own.run(safe, outputs, scalars)) {
                fallback.run(own.unsupported(), program, inputs, outputs, scalars);
            }
        } finally {
            for (int i = 0; i < safe.length; i++) {
                if (safe[i] != inputs[i]) {
                    safe[i].close();
                }
            }
        }
    }

    @Override
    public void putRows(NDArray to, NDArray numbers, NDArray rows) {
        new IndexKernels(this).putRows(to, numbers, rows);
    }

    private static void check(PointwiseProgram p, NDArray[] inputs, NDArray[] outputs, double... scalars) {
        if (inputs.length < p.inputCount() || outputs.length != p.outputCount() || scalars.length < p.scalarCount()) {
            throw new IllegalArgumentException("run: program needs " + p.inputCount() + " inputs, " + p.outputCount()
                    + " outputs, " + p.scalarCount() + " scalars; got " + inputs.length + ", " + outputs.length + ", "
                    + scalars.length);
        }
        Shape shape = outputs[0].shape();
        for (NDArray y : outputs) {
            if (!y.shape().equals(shape)) {
                throw new ShapeException("run: outputs need one shape, got " + shape + " and " + y.shape());
            }
        }
    }

    /** The number of threads is that of the CPU, for what falls back to it. */
    @Override
    public void setThreads(int threads) {
        HostFallback.processor().setThreads(threads);
    }

    @Override
    public int threads() {
        return HostFallback.processor().threads();
    }

    @Override
    public String describe() {
        return device + ": " + openCl.name() + ", " + openCl.units() + " compute units, "
                + (openCl.hasDoubles() ? "with" : "without") + " float64, memory budget "
                + (allocator.budget() >> 20) + " MiB";
    }
}
