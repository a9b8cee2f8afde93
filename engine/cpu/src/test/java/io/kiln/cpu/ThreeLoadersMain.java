package io.kiln.cpu;

import java.io.File;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Computes in three class loaders, as shells and notebooks do that make class loaders anew, and prints how many copies of oneDNN
 * and of its OpenMP runtime the process has.
 */
public final class ThreeLoadersMain {

    private ThreeLoadersMain() {}

    /**
     * The process that {@link ForcedTest} starts.
     *
     * @param arguments none
     * @throws Exception when a class loader cannot be made
     */
    public static void main(String[] arguments) throws Exception {
        List<URL> urls = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            urls.add(Path.of(entry).toUri().toURL());
        }
        for (int i = 0; i < 3; i++) {
            try (URLClassLoader loader =
                    new URLClassLoader(urls.toArray(new URL[0]), ClassLoader.getPlatformClassLoader())) {
                Class.forName(ForcedMain.class.getName(), true, loader)
                        .getMethod("main", String[].class)
                        .invoke(null, (Object) new String[0]);
            }
        }
        System.out.println("COPIES " + copies("libdnnl.so") + " " + copies("libgomp.so"));
    }

    /** How often a file of that name is loaded: once for each mapping of its beginning, which the third column tells. */
    private static long copies(String name) throws IOException {
        try (Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
            return maps.filter(line -> line.contains("/" + name))
                    .filter(line -> Long.parseLong(line.split("\\s+")[2], 16) == 0)
                    .count();
        }
    }
}
