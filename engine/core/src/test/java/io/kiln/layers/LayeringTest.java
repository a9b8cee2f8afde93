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
     * they are part of, but for {@code op.control}. Behind a bar stands what a package uses of those above it. These arrows close
     * the three circles that every deep-learning core has: operators and autograd; backends, arrays and operators; graphs and the
     * operators that have graphs as bodies. None may be added.
     */
    private static final String HOUSE =
            """
            fit: data optim metric nn format autograd op ndarray
            view: nn compile graph observe autograd op backend ndarray
            data: format op backend ndarray
            optim: nn compile format graph observe autograd op backend ndarray pointwise
            metric: nn autograd op backend ndarray
            nn: symbol compile format graph init observe autograd op backend ndarray
            symbol: compile graph init autograd op backend ndarray
            compile: op.control graph observe autograd op backend ndarray pointwise
            format: ndarray
            op.control: graph autograd op ndarray
            graph: init observe autograd op backend ndarray | op.control
            init: op ndarray
            observe: autograd op backend ndarray
            autograd: op backend ndarray pointwise
            op: backend ndarray pointwise | autograd
            backend: ndarray pointwise | op
            ndarray: pointwise | op backend
            """;

    private static final String NAME = "io\\.kiln\\.(op\\.control|\\w+)";
    private static final Pattern ARROW = Pattern.compile("\\s+" + NAME + "\\S*\\s+->\\s+" + NAME + "\\S*.*");

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
