package io.kiln.cuda;

import com.sun.jna.Memory;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.PointerByReference;
import io.kiln.backend.DeviceUsage;
import java.nio.file.Path;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks NVIDIA's management library how busy a device is. The library comes with the driver; containers often lack it, so that its absence
 * is no fault. JCuda does not bind it. Source: the header {@code nvml.h}.
 *
 * <p>Concurrency: thread-safe.
 */
final class Nvml {
    private static final Logger LOG = LoggerFactory.getLogger(Nvml.class);
    private static final String LIBRARY = "libnvidia-ml.so.1";
    private static final int SUCCESS = 0;
    private static final int GPU_UTILISATION_SAMPLES = 1;
    private static final int SAMPLE_BYTES = 16;
    private static final double PERCENT = 100;

    private final NativeLibrary library;
    private final Pointer device;
    private long lastSeen;

    private Nvml(NativeLibrary library, Pointer device) {
        this.library = library;
        this.device = device;
    }

    /** The library for a device; empty, with a line of the log at level DEBUG, if it is absent or does not know the device. */
    static Optional<Nvml> of(CudaDevice device) {
        Optional<Path> file = new LibrarySearch(System.getenv()).find(LIBRARY);
        if (file.isEmpty()) {
            LOG.debug("{} is not installed: the utilisation of {} is not reported", LIBRARY, device.name());
            return Optional.empty();
        }
        try {
            NativeLibrary library = NativeLibrary.getInstance(file.get().toString());
            PointerByReference handle = new PointerByReference();
            int code = call(library, "nvmlInit_v2");
            if (code == SUCCESS) {
                code = call(
                        library, "nvmlDeviceGetHandleByUUID", device.addresses().get(0), handle);
            }
            if (code == SUCCESS) {
                return Optional.of(new Nvml(library, handle.getValue()));
            }
            LOG.debug("{} does not answer for {}: code {}", file.get(), device.name(), code);
        } catch (LinkageError e) {
            LOG.debug("{} cannot be used: {}", file.get(), e.getMessage());
        }
        return Optional.empty();
    }

    /** What is used; empty if the device does not tell, as some do not. */
    synchronized Optional<DeviceUsage> usage() {
        try (Memory memory = new Memory(3L * Long.BYTES)) {
            if (call(library, "nvmlDeviceGetMemoryInfo", device, memory) != SUCCESS) {
                return Optional.empty();
            }
            double busy = ofSamples();
            if (Double.isNaN(busy)) {
                busy = ofLastPeriod();
            }
            long total = memory.getLong(0);
            long used = memory.getLong(2L * Long.BYTES);
            return Double.isNaN(busy) ? Optional.empty() : Optional.of(new DeviceUsage(busy, used, total));
        } catch (LinkageError e) { // an old library lacks a function
            LOG.debug("{} does not tell what is used: {}", LIBRARY, e.getMessage());
            return Optional.empty();
        }
    }

    /** The mean of the samples since the last question, of which the driver keeps the newest hundred or so; NaN without any. */
    private double ofSamples() {
        IntByReference count = new IntByReference();
        IntByReference type = new IntByReference();
        if (samples(type, count, Pointer.NULL) != SUCCESS || count.getValue() <= 0) {
            return Double.NaN;
        }
        try (Memory samples = new Memory((long) count.getValue() * SAMPLE_BYTES)) {
            if (samples(type, count, samples) != SUCCESS || count.getValue() <= 0) {
                return Double.NaN;
            }
            double sum = 0;
            for (int i = 0; i < count.getValue(); i++) {
                lastSeen = Math.max(lastSeen, samples.getLong((long) i * SAMPLE_BYTES));
                sum += samples.getInt((long) i * SAMPLE_BYTES + Long.BYTES);
            }
            return sum / count.getValue() / PERCENT;
        }
    }

    private int samples(IntByReference type, IntByReference count, Pointer to) {
        return call(library, "nvmlDeviceGetSamples", device, GPU_UTILISATION_SAMPLES, lastSeen, type, count, to);
    }

    /** The driver's last period, between a sixth of a second and a second; NaN if it does not tell. */
    private double ofLastPeriod() {
        try (Memory rates = new Memory(2L * Integer.BYTES)) {
            return call(library, "nvmlDeviceGetUtilizationRates", device, rates) == SUCCESS
                    ? rates.getInt(0) / PERCENT
                    : Double.NaN;
        }
    }

    private static int call(NativeLibrary library, String function, Object... arguments) {
        return library.getFunction(function).invokeInt(arguments);
    }
}
