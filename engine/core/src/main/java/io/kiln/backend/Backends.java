package io.kiln.backend;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.TreeSet;
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

    /**
     * The types of device for which there is a backend on the class path, whether or not this machine has any.
     *
     * @return the types
     */
    public static Set<String> types() {
        Set<String> types = new TreeSet<>();
        for (BackendProvider provider : ServiceLoader.load(BackendProvider.class, Backends.class.getClassLoader())) {
            types.add(provider.type());
        }
        return types;
    }

    /**
     * Describes the devices, drivers and libraries of all backends on the class path.
     *
     * @return a survey of each type of device, in the order in which devices are preferred: cuda, opencl, others by name,
     *     the CPU last
     */
    public static synchronized List<Survey> surveys() { // loaders of OpenCL crash when two threads ask at once
        List<Survey> all = new ArrayList<>();
        for (BackendProvider provider : ServiceLoader.load(BackendProvider.class, Backends.class.getClassLoader())) {
            all.add(provider.survey());
        }
        all.sort(Comparator.comparingInt((Survey s) -> preference(s.type())).thenComparing(Survey::type));
        return all;
    }

    private static int preference(String type) {
        return switch (type) {
            case "cuda" -> 0;
            case "opencl" -> 1;
            case "cpu" -> 3;
            default -> 2;
        };
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
