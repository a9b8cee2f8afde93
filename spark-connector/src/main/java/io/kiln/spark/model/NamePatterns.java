package io.kiln.spark.model;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Patterns for names of a network's parameters, such as {@code backbone.*}: {@code *} stands for any characters, dots
 * included, and a pattern matches the whole name.
 *
 * @param attribute the Param that holds them, named in errors
 * @param patterns the patterns
 */
public record NamePatterns(String attribute, List<String> patterns) {
    private static final int SHOWN = 12;

    /** Makes the list unmodifiable. */
    public NamePatterns {
        patterns = List.copyOf(patterns);
    }

    /**
     * The first pattern that matches a name.
     *
     * @param name the name
     * @return its index; -1 if none does
     */
    public int first(String name) {
        for (int i = 0; i < patterns.size(); i++) {
            if (matches(patterns.get(i), name)) {
                return i;
            }
        }
        return -1;
    }

    /**
     * Whether a pattern matches a name.
     *
     * @param name the name
     * @return false if there are no patterns
     */
    public boolean match(String name) {
        return first(name) >= 0;
    }

    private static boolean matches(String pattern, String name) {
        List<String> parts = new ArrayList<>();
        for (String part : pattern.split("\\*", -1)) {
            parts.add(Pattern.quote(part));
        }
        return Pattern.matches(String.join(".*", parts), name);
    }

    /**
     * Rejects patterns that match nothing.
     *
     * @param names all names
     * @throws IllegalArgumentException if a pattern matches none of them
     */
    public void check(Collection<String> names) {
        for (String p : patterns) {
            if (names.stream().noneMatch(n -> matches(p, n))) {
                throw new IllegalArgumentException(
                        "%s: \"%s\" matches none of the network's parameters %s; * stands for any characters"
                                .formatted(attribute, p, shown(names)));
            }
        }
    }

    /**
     * Names for a message.
     *
     * @param names the names
     * @return the first of them, and how many there are if these are not all
     */
    static String shown(Collection<String> names) {
        List<String> first = names.stream().limit(SHOWN).toList();
        return names.size() <= SHOWN
                ? first.toString()
                : "[" + String.join(", ", first) + ", … (" + names.size() + " in all)]";
    }
}
