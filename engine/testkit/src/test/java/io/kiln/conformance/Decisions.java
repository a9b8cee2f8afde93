package io.kiln.conformance;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** The cases in which Kiln differs on purpose: a regular expression of their ids, and the reason. */
final class Decisions {
    private final Map<Pattern, String> reasons = new LinkedHashMap<>();

    /** Reads a file of lines "id pattern, tab, reason". */
    static Decisions read(String resource) throws IOException {
        Decisions decisions = new Decisions();
        try (InputStream in = Decisions.class.getResourceAsStream(resource)) {
            new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> !line.isBlank())
                    .map(line -> line.split("\t", 2))
                    .forEach(line -> decisions.reasons.put(Pattern.compile(line[0]), line[1]));
        }
        return decisions;
    }

    Optional<String> reason(Outcome outcome) {
        return reasons.entrySet().stream()
                .filter(e -> e.getKey().matcher(outcome.id()).matches())
                .map(Map.Entry::getValue)
                .findFirst();
    }

    /** What is wrong: cases that differ without a reason, and reasons that no case needs any more. */
    List<String> check(List<Outcome> outcomes) {
        List<String> wrong = new ArrayList<>();
        List<Pattern> unused = new ArrayList<>(reasons.keySet());
        for (Outcome outcome : outcomes) {
            if (outcome.kind() == Outcome.Kind.DIFFERENT) {
                unused.removeIf(pattern -> pattern.matcher(outcome.id()).matches());
                if (reason(outcome).isEmpty()) {
                    wrong.add(outcome.id() + ": " + outcome.what());
                }
            }
        }
        unused.forEach(pattern -> wrong.add("no case differs any more: " + pattern));
        return wrong;
    }
}
