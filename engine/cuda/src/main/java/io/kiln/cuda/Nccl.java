package io.kiln.cuda;

import io.kiln.backend.Backends;
import io.kiln.backend.Collective;
import io.kiln.backend.Device;
import io.kiln.backend.Survey;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * NCCL, if it is there and wanted: its library, and a jar with a binding ({@code kiln-engine-nccl}). Whether it is used for the arrays of
 * several devices is for the property {@value #PROPERTY} to say: {@code auto}, unless it is set, takes it where the bits of sums do not
 * change, or need not stay, and does without it where it is missing; with {@code true} its absence is an error.
 *
 * <p>Two devices: NCCL's reduce adds along a ring, so that a sum of two is one addition, rounded once to its dtype, as is Kiln's, which
 * adds 16-bit numbers in float32 (24 bits hold the sum of two such numbers so well that rounding it again gives the number nearest to
 * the exact sum). Addition does not depend on the order of its two operands. For more devices the ring decides which are added first.
 */
final class Nccl {
    static final String PROPERTY = "kiln.cuda.nccl";

    private static final String LIBRARY = "libnccl.so.2";
    private static final String RUNTIME = "libcudart.so.";
    private static final int[] CUDA_VERSIONS = {12, 13};
    private static final int FIRST_VERSION = 21_400; // the first with all of NcclBinding and its codes
    private static final String BLOCKING = "NCCL_COMM_BLOCKING";
    private static final int PAIR = 2;

    private static final Nccl OF_THE_PROCESS = new Nccl();

    private Found found;

    private Nccl() {}

    /** NCCL in this process. */
    static Nccl get() {
        return OF_THE_PROCESS;
    }

    /**
     * What came of looking for it.
     *
     * @param binding its functions; null when it cannot be used
     * @param version its version
     * @param path its file
     * @param problem why it cannot be used, with the remedy; empty when it can
     */
    record Found(NcclBinding binding, String version, Path path, String problem) {
        static Found none(String problem) {
            return new Found(null, "", null, problem);
        }
    }

    /** What there is to load, or why there is nothing. */
    private record Files(NcclBinding binding, Path library, Path runtime, int cuda, String problem) {
        static Files none(String problem) {
            return new Files(null, null, null, 0, problem);
        }
    }

    /**
     * For a survey. It is never missed: stores do without. Nothing is loaded for it, as surveys choose devices, most of them for work that
     * has no use for NCCL; therefore the version is told only once stores use it.
     */
    static Survey.Component component() {
        Found it = get().known();
        if (!it.problem.isEmpty()) {
            return Survey.Component.found("NCCL", "", "not used: " + it.problem);
        }
        String refusal;
        try {
            refusal = refusal(Integer.MAX_VALUE);
        } catch (IllegalArgumentException e) {
            refusal = e.getMessage();
        }
        boolean pairs = Choice.AUTO.isSet() && !refusal.isEmpty();
        return Survey.Component.found(
                "NCCL",
                it.version,
                it.path + ", "
                        + (refusal.isEmpty()
                                ? "used by stores with arrays on several devices"
                                : pairs
                                        ? "used by stores with arrays on two devices; on more not, as " + refusal
                                        : "not used, as " + refusal));
    }

    /** NCCL over devices; empty where it is not wanted or, unless it is insisted on, not there: one line of the log says why. */
    static Optional<Collective> over(List<Device> devices) {
        String refusal = refusal(devices.size());
        if (!refusal.isEmpty()) {
            log().info("{}: sums without NCCL, as {}", devices, refusal);
            return Optional.empty();
        }
        Found it = get().find();
        String problem = it.problem;
        if (it.binding != null) {
            List<CudaBackend> backends =
                    devices.stream().map(d -> (CudaBackend) Backends.get(d)).toList();
            try {
                Collective all = NcclCollective.open(it.binding, backends);
                log().info("{}: sums by NCCL {}, {}", devices, it.version, it.path);
                return Optional.of(all);
            } catch (NcclRefusal e) {
                problem = e.getMessage();
            }
        }
        if (Choice.TRUE.isSet()) {
            throw new IllegalStateException(
                    devices + ": NCCL is wanted by -D" + PROPERTY + "=true, but cannot be used: " + problem);
        }
        log().info("{}: sums without NCCL: {}", devices, problem);
        return Optional.empty();
    }

    /** NCCL has made no communicators, and has left the devices as they were. */
    static final class NcclRefusal extends IllegalStateException {
        private static final long serialVersionUID = 1L;

        NcclRefusal(String message) {
            super(message);
        }
    }

    private enum Choice {
        AUTO,
        TRUE,
        FALSE;

        boolean isSet() {
            return name().equalsIgnoreCase(System.getProperty(PROPERTY, "auto"));
        }
    }

    /** Why it is not wanted for so many devices; empty when it is. */
    private static String refusal(int devices) {
        if (Choice.FALSE.isSet()) {
            return "-D" + PROPERTY + "=false says so";
        }
        if (Choice.TRUE.isSet()) {
            return "";
        }
        if (!Choice.AUTO.isSet()) {
            throw new IllegalArgumentException(
                    "-D" + PROPERTY + " must be auto, true or false, got " + System.getProperty(PROPERTY));
        }
        return devices <= PAIR || !ConvolutionChoices.isDeterministic()
                ? ""
                : "it adds in an order of its own, which changes bits (-D" + PROPERTY + "=true or -D"
                        + ConvolutionChoices.DETERMINISTIC_PROPERTY + "=false allows it)";
    }

    /** Finds and loads it, once; what could not be loaded is looked for again the next time. */
    private synchronized Found find() {
        if (found == null || found.binding == null) {
            Files files = look();
            found = files.binding == null ? Found.none(files.problem) : load(files);
        }
        return found;
    }

    /** What came of loading it, or else what would be loaded. */
    private synchronized Found known() {
        if (found != null) {
            return found;
        }
        Files files = look();
        return new Found(files.binding, "", files.library, files.problem);
    }

    private static Files look() {
        try {
            Iterator<NcclBinding> bindings = ServiceLoader.load(NcclBinding.class, Nccl.class.getClassLoader())
                    .iterator();
            return bindings.hasNext()
                    ? look(bindings.next())
                    : Files.none("the jar kiln-engine-nccl is not on the class path");
        } catch (ServiceConfigurationError | LinkageError | RuntimeException e) {
            return Files.none("the binding of NCCL cannot be made: " + e);
        }
    }

    private static Files look(NcclBinding binding) {
        if ("0".equals(System.getenv(BLOCKING))) {
            return Files.none("the environment has " + BLOCKING
                    + "=0, with which NCCL's calls return before they are done; unset it");
        }
        LibrarySearch search = new LibrarySearch(System.getenv());
        Optional<Path> library = search.find(LIBRARY);
        if (library.isEmpty()) {
            return Files.none("NCCL (" + LIBRARY + ") is missing; looked for in " + search.places()
                    + "; install NCCL 2, or pip install nvidia-nccl-cu12, or name its folder with -D"
                    + LibrarySearch.PROPERTY);
        }
        for (int version : CUDA_VERSIONS) {
            Optional<Path> runtime = search.find(RUNTIME + version);
            if (runtime.isPresent()) {
                return new Files(binding, library.get(), runtime.get(), version, "");
            }
        }
        return Files.none("CUDA's runtime (" + RUNTIME
                + "12 or 13), which the binding of NCCL asks for, is missing; looked for in " + search.places()
                + "; install the CUDA toolkit 12 or 13, or pip install nvidia-cuda-runtime-cu12");
    }

    private static Found load(Files files) {
        NcclBinding binding = files.binding;
        Path library = files.library;
        try {
            binding.load(
                    files.runtime, library, (name, content, needs) -> Natives.unpack(files.cuda, name, content, needs));
            int[] version = new int[1];
            int code = binding.version(version);
            if (code != 0 || version[0] < FIRST_VERSION) {
                return Found.none(library + " is of version " + version[0] + " (code " + code + "); install NCCL "
                        + dotted(FIRST_VERSION) + " or later");
            }
            return new Found(binding, dotted(version[0]), library, "");
        } catch (LinkageError | RuntimeException e) {
            return Found.none("NCCL at " + library + " cannot be loaded: "
                    + (e.getMessage() == null ? e : e.getMessage())
                    + "; pip install nvidia-nccl-cu12 nvidia-cuda-runtime-cu12 has what is needed, and kiln-engine-nccl needs"
                    + " org.bytedeco:cuda and javacpp with their natives");
        }
    }

    private static String dotted(int version) {
        return version / 10_000 + "." + version % 10_000 / 100 + "." + version % 100;
    }

    /** Made when there is something to say, so that a survey needs no library for logs. */
    private static Logger log() {
        return LoggerFactory.getLogger(Nccl.class);
    }
}
