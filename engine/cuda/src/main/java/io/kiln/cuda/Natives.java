package io.kiln.cuda;

import io.kiln.backend.Survey;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;

/**
 * Loads JCuda's natives and, before them, NVIDIA's libraries that they need. JCuda itself would unpack to {@code java.io.tmpdir}, unchecked
 * and unlocked; here each native is written under a temporary name, moved into place and compared with the jar's.
 *
 * <p>A library that has been loaded by its path satisfies what needs its name later, so that nothing has to be on the loader's path.
 *
 * <p>Concurrency: thread-safe.
 */
final class Natives {
    private static final String VERSION = "-12.6.0-linux-x86_64";
    private static final int[] CUDA_VERSIONS = {12, 13};

    private static final Natives OF_THE_PROCESS = new Natives();

    private final Map<Library, Loaded> loaded = new EnumMap<>(Library.class);

    private Natives() {}

    /** The natives of this process. */
    static Natives get() {
        return OF_THE_PROCESS;
    }

    /** NVIDIA's libraries. */
    enum Library {
        /** The driver. */
        DRIVER("libcuda.so.", "JCudaDriver", "NVIDIA's driver", "install NVIDIA's driver, 525 or later"),
        /** The compiler of kernels. */
        NVRTC(
                "libnvrtc.so.",
                "JNvrtc",
                "NVRTC",
                "install the CUDA toolkit 12 or 13, or pip install nvidia-cuda-nvrtc-cu12"),
        /** Products of matrices. */
        CUBLAS(
                "libcublas.so.",
                "JCublas2",
                "cuBLAS",
                "install the CUDA toolkit 12 or 13, or pip install nvidia-cublas-cu12"),
        /** Convolutions and recurrent layers. */
        CUDNN("libcudnn.so.", "JCudnn", "cuDNN", "install cuDNN 9, or pip install nvidia-cudnn-cu12");

        private final String file;
        private final String binding;
        private final String words;
        private final String remedy;

        Library(String file, String binding, String words, String remedy) {
            this.file = file;
            this.binding = binding;
            this.words = words;
            this.remedy = remedy;
        }

        /** What it is, for messages. */
        String words() {
            return words;
        }
    }

    /**
     * What came of loading a library.
     *
     * @param path its file; null when missing
     * @param name what it is and how its file is called
     * @param fault what is wrong with it; empty when it can be used
     * @param places where it was looked for, or found with a fault
     * @param remedy what to do; empty when it can be used
     */
    record Loaded(Path path, String name, String fault, String places, String remedy) {
        static Loaded usable(Library library, Path path) {
            return new Loaded(path, library.words, "", path.toString(), "");
        }

        boolean isUsable() {
            return fault.isEmpty();
        }

        /** Why it cannot be used, with the remedy; empty when it can. */
        String problem() {
            return isUsable() ? "" : name + " " + fault + places + "; " + remedy;
        }

        /** The same for a survey. */
        Survey.Component component(String version) {
            return isUsable()
                    ? Survey.Component.found(name, version, places)
                    : Survey.Component.missing(name, path == null ? places : path + ", which " + fault, remedy);
        }
    }

    /** Loads a library and its binding, once; what could not be loaded is looked for again the next time. */
    synchronized Loaded load(Library library) {
        Loaded known = loaded.get(library);
        if (known != null) {
            return known;
        }
        Loaded now = first(library);
        if (now.isUsable()) {
            loaded.put(library, now);
        }
        return now;
    }

    private static Loaded first(Library library) {
        LibrarySearch search = new LibrarySearch(System.getenv());
        for (int version : versions(library)) {
            Optional<Path> found = search.find(library.file + version);
            if (found.isPresent()) {
                return load(library, found.get(), version);
            }
        }
        return new Loaded(
                null,
                library.words + " (" + library.file + alternatives(library) + ")",
                "is missing; looked for in ",
                search.places(),
                library.remedy + ", or name its folder with -D" + LibrarySearch.PROPERTY);
    }

    private static int[] versions(Library library) {
        return switch (library) {
            case DRIVER -> new int[] {1};
            case CUDNN -> new int[] {9};
            default -> CUDA_VERSIONS;
        };
    }

    private static String alternatives(Library library) {
        return Arrays.toString(versions(library))
                .replace("[", "")
                .replace("]", "")
                .replace(", ", " or ");
    }

    private static Loaded load(Library library, Path file, int version) {
        try {
            FixedWorkspaces.set();
            preload(library, file, version);
            System.load(file.toString());
            bind(library, version);
            return Loaded.usable(library, file);
        } catch (LinkageError | IllegalStateException | UncheckedIOException e) {
            Optional<Survey.Component> missing =
                    e instanceof LinkageError error ? missingClass(error) : Optional.empty();
            return new Loaded(
                    file,
                    library.words + " at " + file,
                    "cannot be loaded: " + missing.map(Survey.Component::name).orElse(e.getMessage())
                            + (missing.isPresent() ? " is not on the class path" : ""),
                    "",
                    missing.map(Survey.Component::remedy).orElse(library.remedy));
        }
    }

    /** The class that an error misses, as a component; empty for other errors. */
    static Optional<Survey.Component> missingClass(LinkageError e) {
        return Survey.Component.missingClass(
                e,
                "add the jars that kiln-engine-cuda depends on: kiln-engine-kernels, org.jcuda:jcuda, jcublas, jcudnn and their natives, net.java.dev.jna:jna, org.slf4j:slf4j-api");
    }

    /** What a library opens by name and stands beside it. */
    private static void preload(Library library, Path file, int version) {
        if (library == Library.CUBLAS) {
            loadIfThere(file.resolveSibling("libcublasLt.so." + version));
        } else if (library == Library.NVRTC) {
            try (var beside = Files.newDirectoryStream(file.getParent(), "libnvrtc-builtins.so." + version + ".*")) {
                for (Path builtins : beside) {
                    loadIfThere(builtins);
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private static void loadIfThere(Path file) {
        if (Files.isRegularFile(file)) {
            System.load(file.toString());
        }
    }

    /** Unpacks the binding and has JCuda load it. */
    private static void bind(Library library, int version) {
        String name = "lib" + library.binding + VERSION + ".so";
        byte[] content = resource("/lib/" + name);
        boolean later = library != Library.DRIVER && library != Library.CUDNN && version != CUDA_VERSIONS[0];
        if (later) {
            content = ElfPatch.rename(content, library.file + CUDA_VERSIONS[0], library.file + version);
        }
        unpack(folder(version), name, content);
        Bindings.load(library, folder(version));
    }

    private static Path folder(int version) {
        return CacheFolder.get().resolve("natives-cuda" + version);
    }

    private static byte[] resource(String name) {
        try (InputStream in = jcuda.Pointer.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException(
                        "cuda: " + name + " is not on the class path; add JCuda's jars of natives");
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Writes the native of a binding, changed to need the given version of a library of CUDA, {@code libX.so.N}. */
    static Path unpack(int version, String name, byte[] content, String needs) {
        String wanted = needs.isEmpty() ? "" : needs.substring(0, needs.lastIndexOf('.') + 1) + version;
        unpack(folder(version), name, wanted.equals(needs) ? content : ElfPatch.rename(content, needs, wanted));
        return folder(version).resolve(name);
    }

    /** Writes a file, unless it is there with this content. Others may do the same at the same time. */
    static void unpack(Path folder, String name, byte[] content) {
        Path file = folder.resolve(name);
        try {
            Files.createDirectories(folder);
            if (Files.isRegularFile(file)
                    && Files.size(file) == content.length
                    && Arrays.equals(digest(Files.readAllBytes(file)), digest(content))) {
                return;
            }
            Path temporary = Files.createTempFile(folder, name, ".part");
            try {
                Files.write(temporary, content);
                Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            } finally {
                Files.deleteIfExists(temporary);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "cuda: cannot write " + file + "; name another folder with -D" + CacheFolder.PROPERTY, e);
        }
    }

    static byte[] digest(byte[]... parts) {
        try {
            MessageDigest sha = MessageDigest.getInstance("SHA-256");
            for (byte[] part : parts) {
                sha.update(part);
            }
            return sha.digest();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    static String hex(byte[] digest) {
        return HexFormat.of().formatHex(digest);
    }
}
