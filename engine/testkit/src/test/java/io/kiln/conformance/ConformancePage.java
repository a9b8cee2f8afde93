package io.kiln.conformance;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;

/** The page docs/conformance.md, generated from the outcomes of the suites. */
final class ConformancePage {
    private final StringBuilder page = new StringBuilder(
            """
            # Conformance

            Kiln runs the operator tests of two other systems against its own operators. A case *passes* if shape, dtype and every element
            match (for PyTorch, also those of the gradients); it *differs by design* if Kiln deliberately behaves differently, for the reason
            given; it is *unsupported* if Kiln has no such operator or option. The cases are in
            `engine/testkit/src/test/resources/io/kiln/conformance`, with the scripts that generated them; a test runs them and checks this page
            (`-Dkiln.write=true` rewrites it).
            """);

    /** Adds a suite. */
    void add(String title, String source, List<Outcome> outcomes, Decisions decisions) {
        Map<Outcome.Kind, Long> counts =
                outcomes.stream().collect(Collectors.groupingBy(Outcome::kind, TreeMap::new, Collectors.counting()));
        page.append("\n## ").append(title).append("\n\n").append(source).append('\n');
        page.append("\n%d cases: %d pass, %d differ by design, %d are unsupported.\n"
                .formatted(
                        outcomes.size(),
                        counts.getOrDefault(Outcome.Kind.PASSED, 0L),
                        counts.getOrDefault(Outcome.Kind.DIFFERENT, 0L),
                        counts.getOrDefault(Outcome.Kind.REFUSED, 0L)));
        table("differs by design because", outcomes, Outcome.Kind.DIFFERENT, o -> decisions
                .reason(o)
                .orElse("**not decided**"));
        table("unsupported", outcomes, Outcome.Kind.REFUSED, Outcome::what);
        page.append("\nOperators for which every case passes: ");
        Map<String, Boolean> whole = new TreeMap<>();
        outcomes.forEach(o -> whole.merge(o.operator(), o.kind() == Outcome.Kind.PASSED, Boolean::logicalAnd));
        page.append(whole.entrySet().stream()
                        .filter(Map.Entry::getValue)
                        .map(e -> "`" + e.getKey() + "`")
                        .collect(Collectors.joining(", ")))
                .append(".\n");
    }

    private void table(String title, List<Outcome> outcomes, Outcome.Kind kind, Function<Outcome, String> reason) {
        Map<String, List<Outcome>> byReason = outcomes.stream()
                .filter(o -> o.kind() == kind)
                .collect(Collectors.groupingBy(reason, TreeMap::new, Collectors.toList()));
        if (byReason.isEmpty()) {
            return;
        }
        page.append("\n| %s | operators | cases |\n|---|---|---|\n".formatted(title));
        byReason.forEach((why, cases) -> page.append("| %s | %s | %d |\n"
                .formatted(
                        why,
                        cases.stream()
                                .map(o -> "`" + o.operator() + "`")
                                .collect(Collectors.toCollection(TreeSet::new))
                                .stream()
                                .collect(Collectors.joining(", ")),
                        cases.size())));
    }

    @Override
    public String toString() {
        return page.toString();
    }
}
