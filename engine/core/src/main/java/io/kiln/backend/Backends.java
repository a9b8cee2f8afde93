package io.kiln.backend;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Finds the backends on the class path, and keeps track of the calling thread's device.
 *
 * <p>Concurrency: thread-safe; the current device is a setting of the calling thread.
 */
public final class Backends {
    /** Names the device of threads that have not chosen one, such as {@code cuda(0)}. */
    public static final String PROPERTY = "kiln.device";

    private static final Map<Device, Backend> OPEN = new ConcurrentHashMap<>();

    private Backends() {}

    /**
     * The backend on which this thread creates arrays: the one chosen by {@link #use}, otherwise {@link #standard}.
     *
     * @return the backend
     */
    public static Backend current() {
        return Context.current().backend();
    }

    /**
     * The device of threads that have not chosen one: the one named by the system property {@value #PROPERTY} at the
     * time of the call, or else the CPU.
     *
     * @return the device
     */
    public static Device standard() {
        String named = System.getProperty(PROPERTY);
        return named == null ? Device.cpu() : Device.parse(named);
    }

    /**
     * Chooses the device on which this thread creates arrays from now on.
     *
     * @param device the device
     * @return its backend
     */
    public static Backend use(Device device) {
        return Context.current().use(device);
    }

    /**
     * The backend of a device.
     *
     * @param device the device
     * @return its backend
     * @throws IllegalStateException if there is none; says what was looked for and why it is unavailable
     */
    public static Backend get(Device device) {
        Backend known = OPEN.get(device);
        return known != null ? known : OPEN.computeIfAbsent(device, Backends::open);
    }

    private static Backend open(Device device) {
        List<String> reasons = new ArrayList<>();
        for (BackendProvider provider : ServiceLoader.load(BackendProvider.class, Backends.class.getClassLoader())) {
            if (provider.type().equals(device.type())) {
                Optional<Backend> backend = provider.open(device.index());
                if (backend.isPresent()) {
                    return backend.get();
                }
                reasons.add(provider.unavailableReason());
            }
        }
        throw new IllegalStateException("device " + device + ": "
                + (reasons.isEmpty()
                        ? "no backend for it on the class path; add the jar kiln-engine-" + device.type()
                        : String.join("; ", reasons)));
    }
}
