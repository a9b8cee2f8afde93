package io.kiln.cuda;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * Where NVIDIA's libraries are looked for, in this order: the property {@value #PROPERTY}, {@code java.library.path}, {@code
 * LD_LIBRARY_PATH}, {@code CUDA_HOME} and {@code CUDA_PATH} (lib64, lib), the folders of pip's packages ({@code nvidia/*}{@code /lib} of
 * each Python below {@code VIRTUAL_ENV}, {@code CONDA_PREFIX}, the home directory and the system), and the loader's own
 * ({@code ldconfig -p}).
 */
final class LibrarySearch {
    /** Directories that are searched first, separated by colons. */
    static final String PROPERTY = "kiln.cuda.libraryPath";

    private static final int SECONDS = 10;

    private final Map<String, List<Path>> places = new LinkedHashMap<>();
    private final Map<String, Path> cached;

    LibrarySearch(Map<String, String> environment) {
        add(PROPERTY, split(System.getProperty(PROPERTY)));
        add("java.library.path", split(System.getProperty("java.library.path")));
        add("LD_LIBRARY_PATH", split(environment.get("LD_LIBRARY_PATH")));
        for (String home : List.of("CUDA_HOME", "CUDA_PATH")) {
            String at = environment.get(home);
            add(home, at == null ? List.of() : List.of(Path.of(at, "lib64"), Path.of(at, "lib")));
        }
        add("pip's nvidia/*/lib", pip(environment));
        cached = loaderCache();
    }

    /** The file of a library; empty when no place has it. */
    Optional<Path> find(String name) {
        for (List<Path> directories : places.values()) {
            for (Path directory : directories) {
                Path file = directory.resolve(name);
                if (Files.isRegularFile(file)) {
                    return Optional.of(file.toAbsolutePath());
                }
            }
        }
        return Optional.ofNullable(cached.get(name));
    }

    /** Where was looked, for messages. */
    String places() {
        return places.entrySet().stream()
                        .map(e -> e.getKey() + "="
                                + e.getValue().stream().map(Path::toString).collect(Collectors.joining(":")))
                        .collect(Collectors.joining(", "))
                + ", ldconfig -p";
    }

    private void add(String name, List<Path> directories) {
        places.put(name, directories);
    }

    private static List<Path> split(String paths) {
        List<Path> all = new ArrayList<>();
        for (String path : paths == null ? new String[0] : paths.split(File.pathSeparator)) {
            if (!path.isBlank()) {
                all.add(Path.of(path));
            }
        }
        return all;
    }

    private static List<Path> pip(Map<String, String> environment) {
        Set<Path> roots = new LinkedHashSet<>();
        for (String variable : List.of("VIRTUAL_ENV", "CONDA_PREFIX")) {
            if (environment.get(variable) != null) {
                roots.add(Path.of(environment.get(variable), "lib"));
            }
        }
        if (environment.get("HOME") != null) {
            roots.add(Path.of(environment.get("HOME"), ".local", "lib"));
        }
        roots.add(Path.of("/usr/local/lib"));
        roots.add(Path.of("/usr/lib"));
        List<Path> found = new ArrayList<>();
        for (Path root : roots) {
            for (Path python : entries(root, "python3*")) {
                for (String packages : List.of("site-packages", "dist-packages")) {
                    for (Path one : entries(python.resolve(packages).resolve("nvidia"), "*")) {
                        found.add(one.resolve("lib"));
                    }
                }
            }
        }
        found.removeIf(path -> !Files.isDirectory(path));
        return found;
    }

    private static List<Path> entries(Path directory, String glob) {
        List<Path> all = new ArrayList<>();
        if (Files.isDirectory(directory)) {
            try (DirectoryStream<Path> stream = Files.newDirectoryStream(directory, glob)) {
                stream.forEach(all::add);
            } catch (IOException e) {
                return List.of(); // a folder that may not be read has nothing to offer
            }
        }
        all.sort(null);
        return all;
    }

    /** What the loader finds by itself: lines such as {@code libcuda.so.1 (libc6,x86-64) => /usr/lib/x86_64-linux-gnu/libcuda.so.1}. */
    private static Map<String, Path> loaderCache() {
        Map<String, Path> found = new LinkedHashMap<>();
        for (String command : List.of("/sbin/ldconfig", "/usr/sbin/ldconfig")) {
            if (!Files.isExecutable(Path.of(command))) {
                continue;
            }
            try {
                Process process = new ProcessBuilder(command, "-p")
                        .redirectError(ProcessBuilder.Redirect.DISCARD)
                        .start();
                process.getOutputStream().close();
                String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
                if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
                    process.destroyForcibly();
                }
                text.lines().filter(line -> line.contains("x86-64")).forEach(line -> {
                    int arrow = line.indexOf("=> ");
                    String name = line.strip().split(" ")[0];
                    if (arrow > 0) {
                        found.putIfAbsent(
                                name, Path.of(line.substring(arrow + 3).strip()));
                    }
                });
            } catch (IOException e) {
                return found;
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return found;
            }
            return found;
        }
        return found;
    }
}
