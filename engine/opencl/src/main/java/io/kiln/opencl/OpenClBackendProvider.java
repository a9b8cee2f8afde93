package io.kiln.opencl;

import io.kiln.backend.Backend;
import io.kiln.backend.BackendProvider;
import io.kiln.backend.Survey;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jocl.CL;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Offers the devices of OpenCL as {@code opencl(0)}, {@code opencl(1)}, …. Where the loader of OpenCL or a platform is missing, one
 * line of the log says so, and the program goes on without. No logger is made before there is something to say, so that a survey needs
 * none.
 */
public final class OpenClBackendProvider implements BackendProvider {
    private static final String REMEDY =
            "install a loader and a platform: the driver of the GPU, or for the CPU (Debian, Ubuntu)"
                    + " apt-get install ocl-icd-libopencl1 pocl-opencl-icd";

    private static final String JARS =
            "add the jars that kiln-engine-opencl depends on: kiln-engine-kernels, org.jocl:jocl, net.java.dev.jna:jna, org.slf4j:slf4j-api";

    private String reason = "";

    /** Made by the service loader. */
    public OpenClBackendProvider() {}

    @Override
    public String type() {
        return OpenClBackend.TYPE;
    }

    @Override
    public Optional<Backend> open(int index) {
        try {
            log(); // fails by name before a class that keeps a logger fails for good
            CL.setExceptionsEnabled(false);
            List<OpenClDevice.Found> devices = OpenClDevice.all();
            if (index < devices.size()) {
                return Optional.of(new OpenClBackend(index, devices.get(index).open()));
            }
            reason = devices.isEmpty()
                    ? "OpenCL has no device: no platform is registered in " + vendors() + "; " + REMEDY
                    : "OpenCL has " + devices.size() + " devices, numbered from 0";
        } catch (LinkageError | UnsupportedOperationException e) {
            Optional<Survey.Component> missing = missingClass(e);
            if (missing.isPresent()) {
                reason = missing.get().toString();
                return Optional.empty(); // the missing class may be that of the log
            }
            reason = "the OpenCL loader libOpenCL.so.1 cannot be loaded from " + loaderPlaces() + " (" + e.getMessage()
                    + "); " + REMEDY;
        }
        log().warn("opencl({}): {}", index, reason);
        return Optional.empty();
    }

    private static Logger log() {
        return LoggerFactory.getLogger(OpenClBackendProvider.class);
    }

    @Override
    public Survey survey() {
        List<Survey.Component> components = new ArrayList<>();
        List<Survey.Found> devices = new ArrayList<>();
        try {
            CL.setExceptionsEnabled(false);
            for (OpenClDevice.Found found : OpenClDevice.all()) {
                devices.add(found.describe(devices.size()));
                if (!components.contains(found.component())) {
                    components.add(found.component());
                }
            }
            if (devices.isEmpty()) {
                components.add(Survey.Component.missing("an OpenCL platform with devices", vendors(), REMEDY));
            }
            components.add(0, Survey.Component.found("loader libOpenCL.so.1", "", ""));
        } catch (LinkageError | UnsupportedOperationException e) {
            components.add(missingClass(e)
                    .orElseGet(() -> Survey.Component.missing("loader libOpenCL.so.1", loaderPlaces(), REMEDY)));
        }
        return new Survey(type(), devices, components);
    }

    private static Optional<Survey.Component> missingClass(Throwable e) {
        return e instanceof LinkageError error ? Survey.Component.missingClass(error, JARS) : Optional.empty();
    }

    private static String loaderPlaces() {
        String given = System.getenv("LD_LIBRARY_PATH");
        return "java.library.path=" + System.getProperty("java.library.path")
                + (given == null ? "" : ", LD_LIBRARY_PATH=" + given) + " and the system's libraries";
    }

    private static String vendors() {
        String named = System.getenv("OCL_ICD_VENDORS");
        return named == null ? "/etc/OpenCL/vendors" : named;
    }

    @Override
    public String unavailableReason() {
        return reason;
    }
}
