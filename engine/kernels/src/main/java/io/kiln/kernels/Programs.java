package io.kiln.kernels;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Builds the programs of one device and keeps them: each source with each set of macros once.
 *
 * <p>Concurrency: thread-safe.
 */
final class Programs {
    private final KernelDevice device;
    private final Map<Key, DeviceKernel> kernels = new ConcurrentHashMap<>();
    private final Map<ComputeType, DeviceKernel> interpreters = new ConcurrentHashMap<>();
    private final Map<String, String> resources = new ConcurrentHashMap<>();
    private final AtomicLong builds = new AtomicLong();

    private record Key(String source, String macros, String kernel) {}

    Programs(KernelDevice device) {
        this.device = device;
    }

    /** How many programs were built. */
    long builds() {
        return builds.get();
    }

    /**
     * A kernel of a resource.
     *
     * @param file name of the resource, such as {@code matmul.cl}
     * @param macros options such as {@code -DT=float}
     * @param kernel name of the kernel
     */
    DeviceKernel ofResource(String file, String macros, String kernel) {
        DeviceKernel known = kernels.get(new Key(file, macros, kernel));
        return known != null
                ? known
                : kernels.computeIfAbsent(
                        new Key(file, macros, kernel), k -> build(resource(file), macros, kernel, file));
    }

    /** A kernel of a source that was generated. */
    DeviceKernel ofSource(String source, String macros, String kernel) {
        return kernels.computeIfAbsent(
                new Key(source, macros, kernel), k -> build(source, macros, kernel, "a generated program"));
    }

    /** The text of a resource beside this class. */
    String resource(String file) {
        return resources.computeIfAbsent(file, f -> {
            try (InputStream in = Programs.class.getResourceAsStream(f)) {
                return new String(in.readAllBytes(), StandardCharsets.UTF_8);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    /** The kernel that runs any pointwise program. */
    DeviceKernel interpreter(ComputeType type) {
        return interpreters.computeIfAbsent(type, t -> {
            String source = resource("interpreter.cl").replace("STEPS", PointwiseSource.steps(t));
            return ofSource(resource("pointwise.h") + source, t.macros(), "interpret");
        });
    }

    private DeviceKernel build(String source, String macros, String kernel, String what) {
        builds.incrementAndGet();
        String all = macros + (device.hasDoubles() ? " -DHAS_DOUBLE" : "");
        return device.build(resource("dialect.h") + source, all, kernel, what);
    }
}
