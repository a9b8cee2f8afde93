package io.kiln.opencl;

import io.kiln.backend.Backend;
import io.kiln.backend.BackendProvider;
import java.util.List;
import java.util.Optional;
import org.jocl.CL;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Offers the devices of OpenCL as {@code opencl(0)}, {@code opencl(1)}, …. Where the loader of OpenCL or a platform is missing, one
 * line of the log says so, and the program goes on without.
 */
public final class OpenClBackendProvider implements BackendProvider {
    private static final Logger LOG = LoggerFactory.getLogger(OpenClBackendProvider.class);
    private static final String REMEDY =
            "install a loader and a platform: the driver of the GPU, or for the CPU (Debian, Ubuntu)"
                    + " apt-get install ocl-icd-libopencl1 pocl-opencl-icd";

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
            CL.setExceptionsEnabled(false);
            List<OpenClDevice.Found> devices = OpenClDevice.all();
            if (index < devices.size()) {
                return Optional.of(new OpenClBackend(index, devices.get(index).open()));
            }
            reason = devices.isEmpty()
                    ? "OpenCL has no device: no platform is registered in " + vendors() + "; " + REMEDY
                    : "OpenCL has " + devices.size() + " devices, numbered from 0";
        } catch (LinkageError | UnsupportedOperationException e) {
            reason = "the OpenCL loader libOpenCL.so.1 cannot be loaded from java.library.path="
                    + System.getProperty("java.library.path") + ", LD_LIBRARY_PATH=" + System.getenv("LD_LIBRARY_PATH")
                    + " or the system's libraries (" + e.getMessage() + "); " + REMEDY;
        }
        LOG.warn("opencl({}): {}", index, reason);
        return Optional.empty();
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
