package io.kiln.cpu.natives;

import java.io.File;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32;
import org.bytedeco.javacpp.Loader;

/**
 * The native libraries of oneDNN: unpacked and loaded once per JVM, or known to be unavailable. Nothing here crashes:
 * without natives {@link #isAvailable} is false, {@link #reason} gives the reason and the remedy, and one log line says
 * the same.
 *
 * <p>System properties: {@code kiln.cpu.onednn=off} disables oneDNN (the slower Java kernels are used);
 * {@code kiln.natives.dir} is the directory into which the libraries are unpacked (default: {@code ~/.cache/kiln}, then
 * the temporary directory). oneDNN itself honours the environment variable {@code ONEDNN_MAX_CPU_ISA}.
 *
 * <p>Concurrency: thread-safe; the first call of {@link #get} loads.
 */
public final class Natives {

    /** The system property that disables oneDNN if set to {@code off}. */
    public static final String SWITCH = "kiln.cpu.onednn";

    private static final Logger LOG = System.getLogger(Natives.class.getName());
    private static final String DIRECTORY = "kiln.natives.dir";
    private static final String JAVACPP_CACHE = "org.bytedeco.javacpp.cachedir";

    /** JavaCPP's name of each library and its class path directory, in loading order. */
    private static final String[][] LIBRARIES = {
        {"jnijavacpp", "libjnijavacpp.so", "org/bytedeco/javacpp/"},
        {"OpenCL@.1", "libOpenCL.so.1", "org/bytedeco/opencl/"},
        {"jniOpenCL", "libjniOpenCL.so", "org/bytedeco/opencl/"},
        {"gomp@.1", "libgomp.so.1", "org/bytedeco/dnnl/"},
        {"dnnl@.3", "libdnnl.so.3", "org/bytedeco/dnnl/"},
        {"jnidnnl", "libjnidnnl.so", "org/bytedeco/dnnl/"},
    };

    private final OpenMp openMp;
    private final InvalidFlag invalidFlag;
    private final String library;
    private final String reason;

    private Natives(OpenMp openMp, InvalidFlag invalidFlag, String library, String reason) {
        this.openMp = openMp;
        this.invalidFlag = invalidFlag;
        this.library = library;
        this.reason = reason;
    }

    private static final class Holder {
        static final Natives INSTANCE = loadAndLog();
    }

    /**
     * The libraries of this JVM, loaded by the first call.
     *
     * @return the libraries, or the reason why they are unavailable
     */
    public static Natives get() {
        return Holder.INSTANCE;
    }

    /**
     * Whether oneDNN is loaded.
     *
     * @return true if its functions can be called
     */
    public boolean isAvailable() {
        return openMp != null;
    }

    /**
     * Why oneDNN is not loaded, with the remedy.
     *
     * @return a sentence, or an empty string if it is loaded
     */
    public String reason() {
        return reason;
    }

    /**
     * The file of oneDNN.
     *
     * @return the file from which it was loaded, or an empty string if it is not loaded
     */
    public String library() {
        return library;
    }

    /**
     * The OpenMP runtime of the loaded oneDNN.
     *
     * @return the runtime
     * @throws IllegalStateException if oneDNN is not loaded
     */
    public OpenMp openMp() {
        if (openMp == null) {
            throw new IllegalStateException(reason);
        }
        return openMp;
    }

    /**
     * The processor's flag of invalid operations.
     *
     * @return the flag
     * @throws IllegalStateException if oneDNN is not loaded
     */
    public InvalidFlag invalidFlag() {
        if (invalidFlag == null) {
            throw new IllegalStateException(reason);
        }
        return invalidFlag;
    }

    private static Natives loadAndLog() {
        Natives natives = "off".equals(System.getProperty(SWITCH, "on"))
                ? absent("oneDNN is refused by -D" + SWITCH + "=off; remove that option to use it")
                : load(Loader.getPlatform(), Natives.class.getClassLoader(), bases());
        if (!natives.isAvailable()) {
            LOG.log(Level.WARNING, "{0}. Kiln computes with its slower Java kernels.", natives.reason());
        }
        return natives;
    }

    /** Directories to try, in this order. */
    private static List<Path> bases() {
        String given = System.getProperty(DIRECTORY);
        if (given != null) {
            return List.of(Path.of(given).toAbsolutePath());
        }
        List<Path> bases = new ArrayList<>();
        bases.add(Path.of(System.getProperty("user.home"), ".cache", "kiln").toAbsolutePath());
        bases.add(Path.of(System.getProperty("java.io.tmpdir"), "kiln-" + System.getProperty("user.name"))
                .toAbsolutePath());
        return bases;
    }

    static Natives load(String platform, ClassLoader classes, List<Path> bases) {
        List<URL> urls = new ArrayList<>();
        for (String[] library : LIBRARIES) {
            URL url = classes.getResource(library[2] + platform + "/" + library[1]);
            if (url == null) {
                return absent("oneDNN has no library " + library[1] + " for " + platform
                        + " on the class path; add org.bytedeco:dnnl, javacpp and opencl with classifier " + platform
                        + " (Kiln is built with linux-x86_64)");
            }
            urls.add(url);
        }
        List<String> failures = new ArrayList<>();
        for (Path base : bases) {
            try {
                List<PackedLibrary> libraries = packed(urls);
                return loadFrom(base, key(libraries), libraries);
            } catch (IOException | LinkageError e) {
                failures.add(base + ": " + e.getMessage());
            }
        }
        return absent("oneDNN's libraries could not be unpacked and loaded (" + String.join("; ", failures)
                + "); give a writable directory on a disk without \"noexec\" by -D" + DIRECTORY);
    }

    private static Natives loadFrom(Path base, String key, List<PackedLibrary> libraries) throws IOException {
        try {
            return link(NativeUnpacker.unpack(base, key, libraries));
        } catch (UnsatisfiedLinkError e) {
            if (!isLoadedElsewhere(e)) {
                throw e;
            }
            return link(NativeUnpacker.unpackForOneLoader(base, key, libraries));
        }
    }

    /**
     * Whether another class loader has loaded the libraries, as in shells and notebooks, which create new class
     * loaders.
     */
    private static boolean isLoadedElsewhere(UnsatisfiedLinkError error) {
        for (Throwable t = error; t != null; t = t.getCause()) {
            if (String.valueOf(t.getMessage()).contains("already loaded in another classloader")) {
                return true;
            }
        }
        return false;
    }

    /** Passes our files to JavaCPP's loader, which then looks for no others. */
    private static Natives link(Path directory) throws IOException {
        if (System.getProperty(JAVACPP_CACHE) == null) {
            System.setProperty(JAVACPP_CACHE, directory.resolve("javacpp").toString());
        }
        OpenMp.boundSpinning();
        for (String[] library : LIBRARIES) {
            File file = directory.resolve(library[1]).toFile();
            Loader.loadLibrary(Loader.class, new URL[] {file.toURI().toURL()}, library[0]);
        }
        try {
            Class.forName("org.bytedeco.dnnl.global.dnnl");
        } catch (ClassNotFoundException e) {
            throw new NoClassDefFoundError("org.bytedeco.dnnl.global.dnnl, of org.bytedeco:dnnl");
        }
        String library = directory.resolve("libdnnl.so.3").toString();
        OpenMp openMp = OpenMp.bind(library);
        return new Natives(openMp, InvalidFlag.bind(library, openMp), library, "");
    }

    private static List<PackedLibrary> packed(List<URL> urls) throws IOException {
        List<PackedLibrary> libraries = new ArrayList<>();
        for (int i = 0; i < LIBRARIES.length; i++) {
            libraries.add(PackedLibrary.of(LIBRARIES[i][1], urls.get(i)));
        }
        return libraries;
    }

    /** A hash of the contents: a checksum of names, sizes and checksums. */
    private static String key(List<PackedLibrary> libraries) {
        CRC32 sum = new CRC32();
        for (PackedLibrary library : libraries) {
            String line = library.name() + ":" + library.size() + ":" + library.checksum() + "\n";
            sum.update(line.getBytes(StandardCharsets.UTF_8));
        }
        return "dnnl-" + Long.toHexString(sum.getValue());
    }

    private static Natives absent(String reason) {
        return new Natives(null, null, "", reason);
    }
}
