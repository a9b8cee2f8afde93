package io.kiln.cpu;

import io.kiln.cpu.natives.Natives;
import java.io.File;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Loads the natives, and once more in a second class loader, as applications with class loaders of their own do. */
public final class SecondLoaderMain {

    private SecondLoaderMain() {}

    /**
     * The process that {@link ForcedTest} starts.
     *
     * @param arguments none
     * @throws Exception when the class loader cannot be made
     */
    public static void main(String[] arguments) throws Exception {
        List<URL> urls = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            urls.add(Path.of(entry).toUri().toURL());
        }
        boolean first = Natives.get().isAvailable();
        try (URLClassLoader second =
                new URLClassLoader(urls.toArray(new URL[0]), ClassLoader.getPlatformClassLoader())) {
            Class<?> natives = Class.forName("io.kiln.cpu.natives.Natives", true, second);
            Object instance = natives.getMethod("get").invoke(null);
            System.out.println("LOADED " + first + natives.getMethod("reason").invoke(instance));
        }
        System.out.flush();
        // Two copies of oneDNN may free the same static object when a process ends in the usual way.
        Runtime.getRuntime().halt(0);
    }
}
