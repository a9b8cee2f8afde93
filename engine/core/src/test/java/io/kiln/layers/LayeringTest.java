package io.kiln.layers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.ndarray.NDArray;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.spi.ToolProvider;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Which package of the engine may use which: {@link #HOUSE}, held against the compiled classes by the JDK's jdeps. */
@Tag("core")
class LayeringTest {
    /**
     * From the roof down: a package and what it uses of those below it. Packages such as {@code op.math} count as the one that
     * they are part of. Behind a bar stands what a package uses of those above it. Three circles among these are inherent: operators
     * and autograd; backends, arrays and operators; graphs and operators with bodies. The other arrows behind a bar are still to be
     * turned round; none may be added.
     */
    private static final String HOUSE =
            """
            fit: data optim metric nn format autograd op ndarray
            data: format op backend ndarray
            optim: nn compile format graph observe autograd op backend ndarray pointwise
            metric: nn op ndarray
            nn: view symbol compile format graph init observe autograd op backend ndarray
            view: compile graph op backend ndarray | nn
            symbol: compile graph init autograd op backend ndarray
            compile: graph observe autograd op backend ndarray pointwise
            format: ndarray
            graph: init observe autograd op backend ndarray
            init: op ndarray
            observe: autograd op backend ndarray | nn view
            autograd: op backend ndarray pointwise | observe
            op: backend ndarray pointwise | graph observe autograd
            backend: ndarray pointwise | compile op
            ndarray: pointwise | graph autograd op backend
            """;

    private static final Pattern ARROW =
            Pattern.compile("\\s+io\\.kiln\\.(\\w+)\\S*\\s+->\\s+io\\.kiln\\.(\\w+)\\S*.*");

    @Test
    void packagesUseOnlyWhatTheHouseShows() throws Exception {
        assertEquals(lines(allowed()), lines(used()));
    }

    @Test
    void nothingBeforeABarPointsUp() {
        TreeSet<String> above = new TreeSet<>();
        for (String line : HOUSE.lines().toList()) {
            String[] parts = line.split(":|\\|");
            above.add(parts[0].strip());
            for (String to : parts[1].strip().split(" +")) {
                assertTrue(!above.contains(to), parts[0].strip() + " stands below " + to + ", which it may not use");
            }
        }
    }

    private static Map<String, TreeSet<String>> allowed() {
        Map<String, TreeSet<String>> house = new TreeMap<>();
        for (String line : HOUSE.lines().toList()) {
            String[] parts = line.split(":");
            for (String to : parts[1].replace("|", " ").strip().split(" +")) {
                house.computeIfAbsent(parts[0].strip(), p -> new TreeSet<>()).add(to);
            }
        }
        return house;
    }

    private static Map<String, TreeSet<String>> used() throws Exception {
        Path classes = Path.of(NDArray.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toURI());
        StringWriter text = new StringWriter();
        int code = ToolProvider.findFirst("jdeps")
                .orElseThrow(() -> new IllegalStateException("no jdeps: run the tests on a JDK"))
                .run(
                        new PrintWriter(text),
                        new PrintWriter(text),
                        "--multi-release",
                        "base",
                        "--ignore-missing-deps",
                        "-verbose:package",
                        "-filter:none",
                        classes.toString());
        assertEquals(0, code, text.toString());
        Map<String, TreeSet<String>> arrows = new TreeMap<>();
        for (String line : text.toString().lines().toList()) {
            Matcher m = ARROW.matcher(line);
            if (m.matches() && !m.group(1).equals(m.group(2))) {
                arrows.computeIfAbsent(m.group(1), p -> new TreeSet<>()).add(m.group(2));
            }
        }
        return arrows;
    }

    private static String lines(Map<String, TreeSet<String>> arrows) {
        StringBuilder s = new StringBuilder();
        arrows.forEach((from, to) ->
                s.append(from).append(": ").append(String.join(" ", to)).append('\n'));
        return s.toString();
    }
}
