package io.kiln.cuda;

import io.kiln.backend.Allocator;
import io.kiln.backend.Collective;
import io.kiln.backend.Device;
import io.kiln.backend.DeviceUsage;
import io.kiln.backend.OutOfDeviceMemoryException;
import io.kiln.backend.Queue;
import io.kiln.backend.Traits;
import io.kiln.kernels.DeviceKernel;
import io.kiln.kernels.KernelDevice;
import io.kiln.kernels.Kernels;
import io.kiln.ndarray.DType;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * A device of CUDA, with the {@linkplain Kernels kernels} that all devices share and, where their libraries are there,
 * products of matrices by cuBLAS, and convolutions, average pooling, batch normalization and recurrent layers by cuDNN.
 *
 * <p>Concurrency: thread-safe.
 */
public final class CudaBackend implements KernelDevice {
    /** The type of the devices. */
    public static final String TYPE = "cuda";

    private static final int GROUPS_PER_UNIT = 32;

    /** What any device takes; more is possible from compute capability 7.0 with a driver for CUDA 12.1. */
    private static final long PARAMETER_BYTES = 4096;

    /** The most MiB of weights with which attention in a type of 16 bits is left to cuBLAS. */
    static final String ATTENTION_PROPERTY = "kiln.cuda.attentionMiB";

    private static final long DEFAULT_ATTENTION_MIB = 64;

    /** False: each array has memory of the driver's of its own, within which tools for debugging see its bounds. */
    static final String SPLIT_PROPERTY = "kiln.cuda.splitBlocks";

    /** What any device gives a block without being asked for more. */
    private static final long SHARED_BYTES = 48 << 10;

    private final Device device;
    private final CudaDevice cuda;
    private final EventPool events;
    private final Allocator allocator;
    private final Allocator hostMemory;
    private final CudaCompiler compiler;
    private final Kernels kernels;
    private final Traits traits = new Traits(false, CudaQueue.captures());
    private final Queue queue;
    private final boolean cublas;
    private final boolean cudnn;
    private final Optional<Nvml> nvml;
    private final ConvolutionChoices choices = new ConvolutionChoices(this);
    private final OrderChoices orders = new OrderChoices(this);
    private final RecurrentSupport recurrent = new RecurrentSupport(this);

    CudaBackend(int index, CudaDevice cuda, CudaCompiler compiler, boolean cublas, boolean cudnn) {
        this.device = new Device(TYPE, index);
        this.cuda = cuda;
        events = new EventPool(cuda);
        this.compiler = compiler;
        this.cublas = cublas;
        this.cudnn = cudnn;
        DeviceMemory memory = new DeviceMemory(cuda);
        long budget = MemoryLimit.bytes(cuda);
        Supplier<String> remedy = () -> MemoryLimit.remedy(cuda);
        allocator = "false".equals(System.getProperty(SPLIT_PROPERTY))
                ? new Allocator(Allocator.Order.QUEUED, memory::allocate, memory::free, budget, remedy)
                : Allocator.splitting(memory::allocate, memory::free, budget, remedy, null);
        hostMemory = new Allocator(
                Allocator.Order.HOST,
                memory::allocateHost,
                memory::freeHost,
                budget,
                () -> "this is pinned memory of the host; use a smaller batch, or raise -D" + MemoryLimit.PROPERTY);
        kernels = new Kernels(this);
        if (cublas) {
            new CublasKernels(this).contribute(kernels.table());
        }
        if (cudnn) {
            new CudnnKernels(this).contribute(kernels.table());
            new CudnnPoolKernels(this).contribute(kernels.table());
            new CudnnNormKernels(this).contribute(kernels.table());
            new CudnnRecurrentKernels(this).contribute(kernels.table());
        }
        queue = newQueue("of the device");
        nvml = Nvml.of(cuda);
    }

    CudaDevice cudaDevice() {
        return cuda;
    }

    ConvolutionChoices choices() {
        return choices;
    }

    OrderChoices orders() {
        return orders;
    }

    RecurrentSupport recurrent() {
        return recurrent;
    }

    EventPool events() {
        return events;
    }

    @Override
    public Kernels kernels() {
        return kernels;
    }

    @Override
    public boolean hasDoubles() {
        return true;
    }

    @Override
    public long parameterBytes() {
        return PARAMETER_BYTES;
    }

    @Override
    public long localBytes() {
        return SHARED_BYTES;
    }

    /** Tensor cores, which only cuBLAS's products use here, compute in 16 bits many times as fast as the kernels of attention. */
    @Override
    public boolean attendsInTiles(DType dtype, long bytes) {
        boolean byTensorCores = cublas && dtype.bytes() == Short.BYTES;
        return !byTensorCores || bytes > Long.getLong(ATTENTION_PROPERTY, DEFAULT_ATTENTION_MIB) << 20;
    }

    @Override
    public long groups() {
        return (long) cuda.units() * GROUPS_PER_UNIT;
    }

    @Override
    public DeviceKernel build(String source, String macros, String kernel, String what) {
        return new CudaKernel(this, kernel, compiler.build(source, macros, kernel, what));
    }

    @Override
    public Object constants(Object numbers) {
        try {
            return Constants.of(cuda, numbers);
        } catch (OutOfDeviceMemoryException full) {
            allocator().trim(); // what it keeps for later is the first to go
            hostMemory().trim();
            return Constants.of(cuda, numbers);
        }
    }

    @Override
    public Device device() {
        return device;
    }

    @Override
    public Traits traits() {
        return traits;
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
        return new CudaQueue(this, name);
    }

    @Override
    public Optional<Collective> collective(List<Device> devices) {
        return Nccl.over(devices);
    }

    @Override
    public Optional<DeviceUsage> usage() {
        return nvml.flatMap(Nvml::usage);
    }

    @Override
    public String describe() {
        return device + ": " + cuda.name() + ", compute capability " + cuda.capabilityText() + ", " + cuda.units()
                + " multiprocessors, kernels for " + compiler.architecture() + " by NVRTC " + CudaCompiler.version()
                + ", products by " + (cublas ? "cuBLAS" : "Kiln's own kernel")
                + ", convolutions, average pooling, batch normalization and recurrent layers by "
                + (cudnn ? "cuDNN" : "Kiln's own kernels") + ", memory budget "
                + (allocator.budget() >> 20) + " MiB";
    }
}
