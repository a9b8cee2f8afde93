package io.kiln.opencl;

import io.kiln.backend.Allocator;
import io.kiln.backend.Device;
import io.kiln.backend.Queue;
import io.kiln.backend.Storage;
import io.kiln.backend.Traits;
import io.kiln.kernels.Counters;
import io.kiln.kernels.DeviceKernel;
import io.kiln.kernels.KernelDevice;
import io.kiln.kernels.Kernels;
import io.kiln.ndarray.internal.Memory;
import org.jocl.cl_mem;

/**
 * A device of OpenCL, with the {@linkplain Kernels kernels} that all devices share.
 *
 * <p>Concurrency: thread-safe.
 */
public final class OpenClBackend implements KernelDevice {
    /** The type of the devices. */
    public static final String TYPE = "opencl";

    private static final Traits TRAITS = new Traits(false, false);
    private static final int GROUPS_PER_UNIT = 32;

    private final Device device;
    private final OpenClDevice openCl;
    private final DeviceMemory memory;
    private final Allocator allocator;
    private final Allocator hostMemory;
    private final OpenClCompiler compiler;
    private final Kernels kernels;
    private final Queue queue;

    OpenClBackend(int index, OpenClDevice openCl) {
        this.device = new Device(TYPE, index);
        this.openCl = openCl;
        memory = new DeviceMemory(openCl, index);
        allocator = new Allocator(
                Allocator.Order.QUEUED, memory::allocate, memory::free, MemoryLimit.bytes(openCl), MemoryLimit.REMEDY);
        hostMemory = new Allocator(
                Allocator.Order.HOST, Memory::allocate, Memory::free, MemoryLimit.bytes(openCl), MemoryLimit.REMEDY);
        compiler = new OpenClCompiler(openCl);
        kernels = new Kernels(this);
        queue = newQueue("of the device");
    }

    OpenClDevice openClDevice() {
        return openCl;
    }

    /** The buffer of a block. */
    cl_mem buffer(Storage storage) {
        return memory.buffer(storage.address());
    }

    /**
     * What the device was asked for.
     *
     * @return its counters
     */
    public Counters counters() {
        return kernels.counters();
    }

    @Override
    public Kernels kernels() {
        return kernels;
    }

    @Override
    public boolean hasDoubles() {
        return openCl.hasDoubles();
    }

    @Override
    public long parameterBytes() {
        return openCl.parameterBytes();
    }

    @Override
    public long groups() {
        return (long) openCl.units() * GROUPS_PER_UNIT;
    }

    @Override
    public DeviceKernel build(String source, String macros, String kernel, String what) {
        return new KernelHandle(this, kernel, compiler.build(source, macros, kernel, what));
    }

    @Override
    public Object constants(Object numbers) {
        return ConstantBuffer.of(openCl, numbers);
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
    public String describe() {
        return device + ": " + openCl.name() + ", " + openCl.units() + " compute units, "
                + (openCl.hasDoubles() ? "with" : "without") + " float64, memory budget "
                + (allocator.budget() >> 20) + " MiB";
    }
}
