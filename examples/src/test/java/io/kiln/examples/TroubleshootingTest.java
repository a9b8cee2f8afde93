package io.kiln.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The messages that docs/troubleshooting.md explains are those of the sources. */
class TroubleshootingTest {
    private static final Path ROOT = StandaloneCluster.root();
    private static final Pattern MESSAGE = Pattern.compile("(?m)^### `(.+)`$");

    @Test
    void everyMessageExists() throws IOException {
        List<String> messages = MESSAGE.matcher(Files.readString(ROOT.resolve("docs/troubleshooting.md")))
                .results()
                .map(m -> m.group(1))
                .toList();
        assertTrue(messages.size() > 15, "few messages were found: " + messages.size());
        String sources = sources();
        List<String> unknown =
                messages.stream().filter(m -> !occurs(m, sources)).toList();
        assertEquals(List.of(), unknown, "no such messages in the sources");
    }

    /** Whether the fixed parts of a message stand in the sources close to each other, in order. */
    private static boolean occurs(String message, String sources) {
        String pattern = Arrays.stream(message.split("…"))
                .filter(part -> !part.isBlank())
                .map(part -> Pattern.quote(part.strip()))
                .collect(Collectors.joining("[^\\n]{1,60}"));
        return Pattern.compile(pattern).matcher(sources).find();
    }

    private static String sources() throws IOException {
        List<String> all = new ArrayList<>();
        for (String folder : List.of("spark-connector/src/main", "kvstore/src/main", "python/src/kiln")) {
            try (Stream<Path> files = Files.walk(ROOT.resolve(folder))) {
                for (Path file : files.filter(Files::isRegularFile).toList()) {
                    if (file.toString().matches(".*\\.(java|scala|py)")) {
                        all.add(Files.readString(file));
                    }
                }
            }
        }
        return String.join("\n", all);
    }
}
