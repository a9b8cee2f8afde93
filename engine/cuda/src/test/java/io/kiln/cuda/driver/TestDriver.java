// SPDX-License-Identifier: Apache-2.0
package io.kiln.cuda.driver;

import com.sun.jna.Function;
import com.sun.jna.NativeLibrary;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A stand-in for NVIDIA's driver, NVRTC, cuBLAS, cuDNN, NCCL and NVML, to test the CUDA backend on a machine without a GPU. Its sources are in
 * {@code src/test/native}; g++ builds them into {@code target/test-driver}, once for each state of the sources.
 *
 * <p>Kernels are compiled by g++ and run on the CPU. Device memory starts as NaNs, lies between closed pages, and ends the process when
 * the host touches it (where the processor has protection keys). Streams run late. Settings are read from the environment when the
 * driver is loaded, as {@code KILN_TEST_DRIVER_NAME}, and can be changed by {@link #set}:
 *
 * <table><caption>Settings</caption>
 * <tr><td>devices</td><td>devices before CUDA_VISIBLE_DEVICES; environment only</td></tr>
 * <tr><td>memory_mib</td><td>memory of each; environment only</td></tr>
 * <tr><td>capability</td><td>10 times the compute capability</td></tr>
 * <tr><td>processors</td><td>multiprocessors</td></tr>
 * <tr><td>peers</td><td>whether devices reach each other's memory</td></tr>
 * <tr><td>delay_us</td><td>the most that a stream waits before it goes on</td></tr>
 * <tr><td>delay_every</td><td>n: it waits one time in n, by chance</td></tr>
 * <tr><td>seed</td><td>of the delays, and of the order of a graph's nodes</td></tr>
 * <tr><td>hold</td><td>1: streams start nothing until it is 0 again</td></tr>
 * <tr><td>fail_alloc</td><td>n: the n-th allocation from now on runs out of memory</td></tr>
 * <tr><td>fail_launch</td><td>n: the n-th kernel from now on fails; the context stays unusable</td></tr>
 * <tr><td>lose</td><td>n: the device is lost at the n-th kernel from now on</td></tr>
 * <tr><td>deadline_s</td><td>seconds after which a wait fails</td></tr>
 * <tr><td>grouped_channels_last</td><td>0: cuDNN has no convolution in groups with channels last</td></tr>
 * <tr><td>norm_channels_last</td><td>1: cuDNN's persistent batch normalization refuses channels last; 0: all of it does</td></tr>
 * <tr><td>pool_channels_last</td><td>0: cuDNN's pooling refuses channels last</td></tr>
 * <tr><td>recurrent</td><td>0: cuDNN refuses recurrent layers</td></tr>
 * <tr><td>cudnn_version</td><td>what cuDNN says of itself</td></tr>
 * <tr><td>nccl_init</td><td>n: the n-th ncclCommInitAll from now on fails</td></tr>
 * <tr><td>nccl_error</td><td>n: NCCL's last rank reports an error in its n-th operation from now on, which does not end</td></tr>
 * <tr><td>nccl_lose</td><td>n: the last rank's device is lost in that operation</td></tr>
 * <tr><td>nccl_hang</td><td>n: that operation does not end</td></tr>
 * <tr><td>log</td><td>1: calls are logged for {@link #log}</td></tr>
 * </table>
 */
public final class TestDriver {
    private static final List<String> CORE = List.of(
            "control.cc", "memory.cc", "streams.cc", "fibres.cc", "devices.cc", "copies.cc", "graphs.cc", "modules.cc");
    private static final Map<String, String> LIBRARIES = Map.of(
            "libnvrtc.so.12",
            "nvrtc",
            "libcublas.so.12",
            "cublas",
            "libcudnn.so.9",
            "cudnn",
            "libnvidia-ml.so.1",
            "nvml",
            "libcudart.so.12",
            "cudart",
            "libnccl.so.2",
            "nccl");
    private static final List<String> AT_RUN_TIME = List.of("prelude.h", "kernel.h");

    private final Path folder;
    private final NativeLibrary driver;

    private TestDriver(Path folder) {
        this.folder = folder;
        this.driver = NativeLibrary.getInstance(folder.resolve("libcuda.so.1").toString());
    }

    /**
     * Builds the driver if its sources have changed, and loads its libraries into this process, so that whatever is linked against
     * NVIDIA's finds these.
     *
     * @throws IllegalStateException if g++ is missing or fails
     */
    public static TestDriver load() {
        Path folder = build();
        for (String library : List.of("libcuda.so.1", "libnvrtc.so.12", "libcublas.so.12", "libcudnn.so.9")) {
            System.load(folder.resolve(library).toString());
        }
        return new TestDriver(folder);
    }

    /** Whether g++ is there. */
    public static boolean isBuildable() {
        return Stream.of(System.getenv("PATH").split(":")).anyMatch(entry -> Files.isExecutable(Path.of(entry, "g++")));
    }

    /** The folder of the libraries, built. It is the same for each state of the sources: {@code target/test-driver}. */
    public static Path build() {
        Path home = module();
        Path folder = home.resolve("target/test-driver");
        Path sources = home.resolve("src/test/native");
        try {
            Files.createDirectories(folder);
            String hash = hash(sources);
            Path stamp = folder.resolve("stamp");
            try (FileChannel channel = FileChannel.open(
                            folder.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                    FileLock lock = channel.lock()) {
                if (!lock.isValid()
                        || !Files.exists(stamp)
                        || !Files.readString(stamp).equals(hash)) {
                    compile(sources, folder);
                    Files.writeString(stamp, hash);
                }
            }
            return folder;
        } catch (IOException e) {
            throw new UncheckedIOException("cannot build the test driver in " + folder, e);
        }
    }

    /** Where the libraries are. */
    public Path folder() {
        return folder;
    }

    /** Changes a setting, see the table above. */
    public void set(String name, long value) {
        Object code = function("kiln_test_driver_set").invoke(Integer.class, new Object[] {name, value});
        if (!code.equals(0)) {
            throw new IllegalArgumentException("the test driver has no setting " + name);
        }
    }

    /**
     * How often a function of the API was called, or something was done, since {@link #reset}: kernels (by name, or all as "kernels"),
     * copies, fills, products, library, host, graphs, graph_nodes, allocations, synchronizations (by call; implicit_synchronizations by
     * releases), pageable (copies of memory that is not pinned), compilations.
     */
    public long count(String name) {
        return (Long) function("kiln_test_driver_count").invoke(Long.class, new Object[] {name});
    }

    /** Sets all counts to zero. */
    public void reset() {
        function("kiln_test_driver_count").invoke(Long.class, new Object[] {""});
    }

    /** Takes what has been logged: errors in words (with "! " before them), and with the setting "log" all calls. */
    public String log() {
        StringBuilder text = new StringBuilder();
        byte[] part = new byte[1 << 16];
        while (true) {
            long size =
                    (Long) function("kiln_test_driver_log").invoke(Long.class, new Object[] {part, (long) part.length});
            if (size == 0) {
                return text.toString();
            }
            text.append(new String(part, 0, Math.toIntExact(size), StandardCharsets.UTF_8));
        }
    }

    private Function function(String name) {
        return driver.getFunction(name);
    }

    /** The folder of the module engine/cuda, for tests that run in it, in its target folder or in the root. */
    private static Path module() {
        Path here = Path.of("").toAbsolutePath();
        for (Path up = here; up != null; up = up.getParent()) {
            for (Path candidate : List.of(up, up.resolve("engine/cuda"))) {
                if (Files.isDirectory(candidate.resolve("src/test/native"))) {
                    return candidate;
                }
            }
        }
        throw new IllegalStateException(
                "the sources of the test driver are not found from " + here + "; run in engine/cuda");
    }

    private static String hash(Path sources) throws IOException {
        try (Stream<Path> files = Files.list(sources)) {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            for (Path file : files.sorted().toList()) {
                digest.update(file.getFileName().toString().getBytes(StandardCharsets.UTF_8));
                digest.update(Files.readAllBytes(file));
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this JDK lacks SHA-256", e);
        }
    }

    private static void compile(Path sources, Path folder) throws IOException {
        if (!isBuildable()) {
            throw new IllegalStateException("the test driver needs g++: apt-get install g++");
        }
        Path work = Files.createTempDirectory(folder, "build");
        Map<String, Process> objects = new TreeMap<>();
        for (String source : CORE) {
            objects.put(
                    source,
                    gcc(work, "-c", "-o", source + ".o", sources.resolve(source).toString()));
        }
        for (Map.Entry<String, Process> entry : objects.entrySet()) {
            finish(entry.getKey(), entry.getValue());
        }
        List<String> driver = new ArrayList<>(List.of("-shared", "-Wl,-soname,libcuda.so.1", "-o", "libcuda.so.1"));
        CORE.forEach(source -> driver.add(source + ".o"));
        finish("libcuda.so.1", gcc(work, driver.toArray(new String[0])));
        Map<String, Process> libraries = new TreeMap<>();
        for (Map.Entry<String, String> entry : LIBRARIES.entrySet()) {
            libraries.put(entry.getKey(), library(sources, work, entry.getKey(), entry.getValue()));
        }
        for (Map.Entry<String, Process> entry : libraries.entrySet()) {
            finish(entry.getKey(), entry.getValue());
        }
        // What an earlier state has compiled.
        delete(folder.resolve("cache"));
        delete(folder.resolve("sources"));
        for (String name : AT_RUN_TIME) {
            Files.copy(sources.resolve(name), folder.resolve(name), StandardCopyOption.REPLACE_EXISTING);
        }
        List<String> built = new ArrayList<>(LIBRARIES.keySet());
        built.add("libcuda.so.1");
        for (String name : built) {
            Files.move(
                    work.resolve(name),
                    folder.resolve(name),
                    StandardCopyOption.ATOMIC_MOVE,
                    StandardCopyOption.REPLACE_EXISTING);
        }
        delete(work);
    }

    private static void delete(Path tree) throws IOException {
        if (Files.exists(tree)) {
            try (Stream<Path> files = Files.walk(tree)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }

    /** A library beside the driver, with the version that JCuda's natives ask for; its sources are those whose names begin alike. */
    private static Process library(Path sources, Path work, String name, String prefix) throws IOException {
        Path map = work.resolve(prefix + ".map");
        Files.writeString(map, name.replace('-', '_') + " { global: " + prefix + "*; local: *; };\n");
        List<String> arguments = new ArrayList<>(List.of(
                "-shared", "-Wl,-soname," + name, "-Wl,--version-script=" + map, "-Wl,-rpath,$ORIGIN", "-o", name));
        try (Stream<Path> files = Files.list(sources)) {
            files.map(Path::toString)
                    .filter(file -> Path.of(file).getFileName().toString().startsWith(prefix) && file.endsWith(".cc"))
                    .sorted()
                    .forEach(arguments::add);
        }
        arguments.add("libcuda.so.1");
        return gcc(work, arguments.toArray(new String[0]));
    }

    private static Process gcc(Path work, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                "g++",
                "-std=c++17",
                "-O2",
                "-g1",
                "-Wall",
                "-Wextra",
                "-Werror",
                "-fPIC",
                "-fvisibility=hidden",
                "-pthread"));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command)
                .directory(work.toFile())
                .redirectErrorStream(true)
                .redirectOutput(work.resolve(arguments[arguments.length - 1].replace('/', '_') + ".log")
                        .toFile())
                .start();
    }

    private static void finish(String what, Process process) {
        try {
            if (!process.waitFor(5, TimeUnit.MINUTES)) {
                process.destroyForcibly();
                throw new IllegalStateException("g++ has not built " + what + " in five minutes");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while g++ built " + what, e);
        }
        if (process.exitValue() != 0) {
            throw new IllegalStateException(
                    "g++ could not build " + what + "; its messages are below target/test-driver/build*");
        }
    }
}
