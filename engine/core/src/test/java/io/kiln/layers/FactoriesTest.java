package io.kiln.layers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.ndarray.NDArray;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Whoever computes with arrays makes further ones beside them ({@link NDArray#factory}), never on the device of the thread, which
 * may be another one. Only arrays that follow from no other array are made there: these files make such.
 */
class FactoriesTest {
    private static final String SOURCES = "src/main/java/io/kiln";

    /** Of each module, the packages below {@code io.kiln} of which this holds. */
    private static final Map<String, List<String>> ROOMS = Map.of(
            "engine/core",
            List.of("op", "autograd", "compile", "graph", "metric", "nn", "optim", "symbol"),
            "engine/cpu",
            List.of("cpu"),
            "kvstore",
            List.of("kvstore"));

    private static final Map<String, Integer> FROM_NUMBERS_ALONE = new TreeMap<>(Map.of(
            "op/Creation.java", 3,
            "op/math/Fourier.java", 1, // windows
            "op/Dispatch.java", 1, // operators without inputs
            "op/random/RandomFill.java", 1,
            "op/random/RandomPermutation.java", 1,
            "nn/zoo/Ssd.java", 1, // boxes
            "symbol/Executor.java", 3, // arrays for a symbol of which shapes alone are given
            "kvstore/ExchangeBucket.java", 1)); // for a layout

    private static final Pattern ON_THE_DEVICE_OF_THE_THREAD =
            Pattern.compile("\\bNDArray\\s*\\.\\s*(zeros|ones|of|full|arange|scalar)\\s*\\("
                    + "|\\bNDArray\\s*\\.\\s*empty\\s*\\((?!\\s*([a-z]+\\.)?backend(\\(\\))?,)"
                    + "|\\b(Backends|ArrayFactory|Context)\\s*(\\.|::)\\s*current\\b(?!\\(\\)\\s*\\.(queue|waits))");

    @Test
    void whoeverComputesMakesArraysBesideTheInputs() throws Exception {
        Path core = Path.of(NDArray.class
                        .getProtectionDomain()
                        .getCodeSource()
                        .getLocation()
                        .toURI())
                .resolve("../..")
                .normalize();
        Map<String, Integer> found = new TreeMap<>();
        for (Map.Entry<String, List<String>> module : ROOMS.entrySet()) {
            Path main = core.resolve("../..").resolve(module.getKey()).resolve(SOURCES);
            for (String room : module.getValue()) {
                try (Stream<Path> files = Files.walk(main.resolve(room))) {
                    for (Path file :
                            files.filter(f -> f.toString().endsWith(".java")).toList()) {
                        int n = calls(file);
                        if (n > 0) {
                            found.put(main.relativize(file).toString().replace('\\', '/'), n);
                        }
                    }
                }
            }
        }
        assertEquals(FROM_NUMBERS_ALONE, found, "make arrays by the factory of an input, x.factory()");
        assertTrue(
                calls(core.resolve(SOURCES).resolve("ndarray/ArrayFactory.java")) > 0,
                "the pattern finds the call behind the static methods");
    }

    private static int calls(Path file) throws IOException {
        String code = Files.readString(file).replaceAll("(?s)/\\*.*?\\*/|//[^\n]*", "");
        return (int) ON_THE_DEVICE_OF_THE_THREAD.matcher(code).results().count();
    }
}
