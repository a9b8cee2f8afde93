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
    private static final List<String> ROOMS = List.of("op", "autograd", "compile", "graph", "optim");

    private static final Map<String, Integer> FROM_NUMBERS_ALONE = new TreeMap<>(Map.of(
            "op/Creation.java", 3,
            "op/math/Fourier.java", 1, // windows
            "op/Dispatch.java", 1, // operators without inputs
            "op/random/RandomFill.java", 1,
            "op/random/RandomPermutation.java", 1));

    private static final Pattern ON_THE_DEVICE_OF_THE_THREAD = Pattern.compile(
            "\\bNDArray\\s*\\.\\s*(zeros|ones|of|full|arange|scalar)\\s*\\(|\\bNDArray\\s*\\.\\s*empty\\s*\\((?!backend,)"
                    + "|\\b(Backends|ArrayFactory|Context)\\s*\\.\\s*current\\(\\)(?!\\s*\\.queue)");

    @Test
    void operatorsAndOptimizersMakeArraysBesideTheirInputs() throws Exception {
        Path main = Path.of(NDArray.class
                        .getProtectionDomain()
                        .getCodeSource()
                        .getLocation()
                        .toURI())
                .resolve("../../src/main/java/io/kiln")
                .normalize();
        Map<String, Integer> found = new TreeMap<>();
        for (String room : ROOMS) {
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
        assertEquals(FROM_NUMBERS_ALONE, found, "make arrays by the factory of an input, x.factory()");
        assertTrue(
                calls(main.resolve("ndarray/ArrayFactory.java")) > 0,
                "the pattern finds the call behind the static methods");
    }

    private static int calls(Path file) throws IOException {
        String code = Files.readString(file).replaceAll("(?s)/\\*.*?\\*/|//[^\n]*", "");
        return (int) ON_THE_DEVICE_OF_THE_THREAD.matcher(code).results().count();
    }
}
