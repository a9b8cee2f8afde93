package io.kiln.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.imageio.ImageIO;

/** What every run of the demo leaves, on the terminal and in its folder. */
final class DemoOutput {
    private static final Pattern LAST = Pattern.compile("DEMO accuracy=(0\\.\\d{4}) seconds=\\d+\\.\\d");

    private DemoOutput() {}

    /** Checks all that a run promises. */
    static void check(String printed, Path folder, double leastAccuracy) throws IOException {
        List<String> lines = printed.lines().toList();
        Matcher last = LAST.matcher(lines.get(lines.size() - 1));
        assertTrue(last.matches(), () -> "the last line is no DEMO line:\n" + printed);
        double accuracy = Double.parseDouble(last.group(1));
        assertTrue(accuracy >= leastAccuracy, () -> "accuracy " + accuracy + " is less than " + leastAccuracy);
        assertTrue(
                lines.stream().anyMatch(l -> l.startsWith("test accuracy " + last.group(1))),
                () -> "no line of the same test accuracy:\n" + printed);
        assertEquals(
                1, lines.stream().filter(l -> l.startsWith("true \\ predicted")).count());
        assertTrue(printed.contains("gives the same predictions for all 2,000 digits"), () -> printed);
        for (String picture : List.of("training.png", "misclassified.png")) {
            assertNotNull(ImageIO.read(folder.resolve(picture).toFile()), picture + " is no picture");
        }
        assertTrue(Files.isDirectory(folder.resolve("model")), "no model");
    }
}
