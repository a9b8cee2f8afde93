package io.kiln.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.kvstore.KVStore;
import io.kiln.ml.NetClassifier;
import io.kiln.ndarray.NDArray;
import java.io.IOException;
import java.lang.reflect.Modifier;
import java.net.URI;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Whoever imports Kiln's packages whole meets each simple name once. Backends and packages called internal are not API. */
class WholeImportsTest {
    @Test
    void noTwoPackagesHaveAPublicClassOfOneName() throws Exception {
        Map<String, TreeSet<String>> packages = packages();
        packages.values().removeIf(p -> p.size() == 1);
        assertEquals(Map.of(), packages, "public classes of one name, and their packages");
    }

    @Test
    void noPublicClassHasANameOfJavaLang() throws Exception {
        List<String> names = packages().keySet().stream()
                .filter(name -> Object.class.getResource(name + ".class") != null)
                .toList();
        assertEquals(List.of(), names);
    }

    /** Public classes by simple name, with their packages. */
    private static Map<String, TreeSet<String>> packages() throws Exception {
        Map<String, TreeSet<String>> packages = new TreeMap<>();
        for (Class<?> c : new Class<?>[] {NDArray.class, KVStore.class, NetClassifier.class}) {
            URI place = c.getProtectionDomain().getCodeSource().getLocation().toURI();
            if (Files.isDirectory(Path.of(place))) {
                collect(Path.of(place), packages);
            } else {
                try (FileSystem jar = FileSystems.newFileSystem(URI.create("jar:" + place), Map.of())) {
                    collect(jar.getPath("/"), packages);
                }
            }
        }
        assertTrue(packages.size() > 500, "only " + packages.size() + " classes were found");
        return packages;
    }

    private static void collect(Path root, Map<String, TreeSet<String>> packages) throws IOException {
        try (Stream<Path> files = Files.walk(root.resolve("io/kiln"))) {
            for (Path file : files.toList()) {
                String name = root.relativize(file).toString().replace('/', '.');
                if (!name.endsWith(".class") || name.contains("$") || name.contains(".internal.")) {
                    continue;
                }
                Class<?> c = load(name.substring(0, name.length() - ".class".length()));
                if (Modifier.isPublic(c.getModifiers())) {
                    packages.computeIfAbsent(c.getSimpleName(), s -> new TreeSet<>())
                            .add(c.getPackageName());
                }
            }
        }
    }

    private static Class<?> load(String name) {
        try {
            return Class.forName(name, false, WholeImportsTest.class.getClassLoader());
        } catch (ClassNotFoundException e) {
            throw new AssertionError(e);
        }
    }
}
