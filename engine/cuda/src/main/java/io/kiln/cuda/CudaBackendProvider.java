package io.kiln.cuda;

import static jcuda.driver.JCudaDriver.cuDeviceGetCount;
import static jcuda.driver.JCudaDriver.cuDriverGetVersion;
import static jcuda.driver.JCudaDriver.cuInit;

import io.kiln.backend.Backend;
import io.kiln.backend.BackendProvider;
import io.kiln.backend.Device;
import io.kiln.backend.Survey;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import jcuda.driver.CUresult;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Offers the devices of NVIDIA's driver as {@code cuda(0)}, {@code cuda(1)}, …. It needs the driver and NVRTC, and uses cuBLAS and cuDNN
 * where they are installed. What is missing is one line of the log, and the program goes on without.
 */
public final class CudaBackendProvider implements BackendProvider {
    private String reason = "";

    /** Made by the service loader. */
    public CudaBackendProvider() {}

    @Override
    public String type() {
        return CudaBackend.TYPE;
    }

    @Override
    public Optional<Backend> open(int index) {
        reason = "";
        try {
            log(); // fails by name before a class that keeps a logger fails for good
            if (isUsable(Natives.Library.DRIVER) && hasDevice(index) && isUsable(Natives.Library.NVRTC)) {
                CudaDevice device = new CudaDevice(index).open();
                device.makeCurrent();
                CudaCompiler compiler = new CudaCompiler(
                        device, new KernelCache(CacheFolder.get().resolve("kernels")));
                Natives.Loaded cublas = Natives.get().load(Natives.Library.CUBLAS);
                if (!cublas.isUsable()) {
                    log().warn("cuda({}): matMul runs without cuBLAS, slowly: {}", index, cublas.problem());
                }
                Natives.Loaded cudnn = Natives.get().load(Natives.Library.CUDNN);
                if (!cudnn.isUsable()) {
                    log().warn(
                                    "cuda({}): convolutions and recurrent layers run without cuDNN, slowly: {}",
                                    index,
                                    cudnn.problem());
                }
                return Optional.of(new CudaBackend(index, device, compiler, cublas.isUsable(), cudnn.isUsable()));
            }
        } catch (LinkageError | IllegalStateException e) {
            Optional<Survey.Component> missing =
                    e instanceof LinkageError error ? Natives.missingClass(error) : Optional.empty();
            if (missing.isPresent()) {
                reason = missing.get().toString();
                return Optional.empty(); // the missing class may be that of the log
            }
            reason = e.getMessage();
        }
        log().warn("cuda({}): {}", index, reason);
        return Optional.empty();
    }

    /** Made when there is something to say, so that a survey needs no library for logs. */
    private static Logger log() {
        return LoggerFactory.getLogger(CudaBackendProvider.class);
    }

    private boolean isUsable(Natives.Library library) {
        Natives.Loaded loaded = Natives.get().load(library);
        reason = loaded.problem();
        return loaded.isUsable();
    }

    private boolean hasDevice(int index) {
        int count = devices();
        if (index >= count && reason.isEmpty()) {
            reason = count == 0
                    ? "NVIDIA's driver has no device" + visible()
                    : "NVIDIA's driver has " + count + " devices, numbered from 0" + visible();
        }
        return index < count;
    }

    private static String visible() {
        String visible = System.getenv("CUDA_VISIBLE_DEVICES");
        return visible == null ? "" : " (CUDA_VISIBLE_DEVICES=" + visible + ")";
    }

    /** How many devices the driver has; 0 with a reason when it does not start. */
    private int devices() {
        int status = cuInit(0);
        if (status == CUresult.CUDA_ERROR_NO_DEVICE) {
            return 0;
        }
        if (status != CUresult.CUDA_SUCCESS) {
            reason = "NVIDIA's driver does not start: cuInit failed: " + CUresult.stringFor(status)
                    + "; nvidia-smi says whether driver and kernel module agree";
            return 0;
        }
        int[] count = new int[1];
        Status.check(cuDeviceGetCount(count), "cuDeviceGetCount");
        return count[0];
    }

    @Override
    public String unavailableReason() {
        return reason;
    }

    @Override
    public Survey survey() {
        List<Survey.Component> components = new ArrayList<>();
        for (Natives.Library library : Natives.Library.values()) {
            components.add(component(library));
        }
        components.add(Nccl.component());
        List<Survey.Found> devices = new ArrayList<>();
        if (Natives.get().load(Natives.Library.DRIVER).isUsable()) {
            reason = "";
            int count = devices();
            String problem = Natives.get().load(Natives.Library.NVRTC).problem();
            for (int i = 0; i < count; i++) {
                devices.add(found(i, problem));
            }
            if (count == 0) {
                components.add(Survey.Component.missing(
                        "a device",
                        "NVIDIA's driver" + visible(),
                        reason.isEmpty() ? "nvidia-smi says which devices the driver has" : reason));
            }
        }
        return new Survey(type(), devices, components);
    }

    /** A device that does not answer hides no other. */
    private static Survey.Found found(int index, String problem) {
        Device id = new Device(CudaBackend.TYPE, index);
        try {
            CudaDevice device = new CudaDevice(index);
            return new Survey.Found(
                    id,
                    Survey.Kind.GPU,
                    device.name(),
                    device.memory(),
                    "compute capability " + device.capabilityText() + ", " + device.units() + " multiprocessors",
                    device.addresses(),
                    problem);
        } catch (IllegalStateException e) {
            return new Survey.Found(
                    id,
                    Survey.Kind.GPU,
                    "a device that does not answer",
                    0,
                    "",
                    List.of(),
                    e.getMessage() + "; nvidia-smi says in which state it is");
        }
    }

    private static Survey.Component component(Natives.Library library) {
        Natives.Loaded loaded = Natives.get().load(library);
        try {
            return loaded.component(loaded.isUsable() ? version(library) : "");
        } catch (LinkageError | IllegalStateException e) {
            return Survey.Component.missing(loaded.name(), loaded.places() + ", which does not answer", e.getMessage());
        }
    }

    private static String version(Natives.Library library) {
        return switch (library) {
            case DRIVER -> {
                int[] version = new int[1];
                Status.check(cuDriverGetVersion(version), "cuDriverGetVersion");
                yield "for CUDA " + version[0] / 1000 + "." + version[0] % 1000 / 10;
            }
            case NVRTC -> CudaCompiler.version();
            case CUBLAS -> Products.version();
            case CUDNN -> dotted(jcuda.jcudnn.JCudnn.cudnnGetVersion());
        };
    }

    private static String dotted(long version) {
        return version / 10_000 + "." + version % 10_000 / 100 + "." + version % 100;
    }
}
