package io.kiln.graph;

import io.kiln.op.Operator;
import io.kiln.op.OperatorFamilies;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The records of a package by their JSON names, such as {@code softmaxCrossEntropy} among losses, to suggest what an
 * unknown name could mean. They are found in the jar or folder of the classes; elsewhere none are known.
 */
public final class KnownRecords {
    private static final String CLASS = ".class";
    private static final int FEW = 60;

    private KnownRecords() {}

    /**
     * Names of the records that implement an interface and are in its package; for operators, in all families.
     *
     * @param type the interface
     * @return the names in alphabetical order; empty if they cannot be listed
     */
    public static List<String> names(Class<?> type) {
        CodeSource source = type.getProtectionDomain().getCodeSource();
        if (source == null) {
            return List.of();
        }
        try {
            Path place = Path.of(source.getLocation().toURI());
            if (Files.isDirectory(place)) {
                return allNames(type, place);
            }
            try (FileSystem jar = FileSystems.newFileSystem(URI.create("jar:" + place.toUri()), Map.of())) {
                return allNames(type, jar.getPath("/"));
            }
        } catch (IOException | URISyntaxException | RuntimeException e) {
            return List.of();
        }
    }

    /** The packages of the records that implement an interface. */
    static List<String> packages(Class<?> type) {
        return type == Operator.class ? OperatorFamilies.packages() : List.of(type.getPackageName());
    }

    private static List<String> allNames(Class<?> type, Path root) throws IOException {
        List<String> names = new ArrayList<>();
        for (String p : packages(type)) {
            try (Stream<Path> files = Files.list(root.resolve(p.replace('.', '/')))) {
                for (Path file : files.toList()) {
                    String name = file.getFileName().toString();
                    if (name.endsWith(CLASS) && name.indexOf('$') < 0) {
                        String simple = name.substring(0, name.length() - CLASS.length());
                        load(type, p, simple).ifPresent(c -> names.add(name(type, c)));
                    }
                }
            }
        }
        Collections.sort(names);
        return names;
    }

    /** The JSON name of a record that implements an interface. */
    static String name(Class<?> type, Class<?> c) {
        String simple = c.getSimpleName();
        return type == Operator.class
                ? OperatorFamilies.name(c)
                : Character.toLowerCase(simple.charAt(0)) + simple.substring(1);
    }

    /** The record with that name that implements an interface. */
    static Optional<Class<?>> find(Class<?> type, String name) {
        List<String> simple = type == Operator.class
                ? OperatorFamilies.classNames(name)
                : List.of(Character.toUpperCase(name.charAt(0)) + name.substring(1));
        return packages(type).stream()
                .flatMap(p -> simple.stream().flatMap(s -> load(type, p, s).stream()))
                .findFirst();
    }

    private static Optional<Class<?>> load(Class<?> type, String packageName, String simple) {
        try {
            Class<?> c = Class.forName(packageName + "." + simple, false, type.getClassLoader());
            return c.isRecord() && type.isAssignableFrom(c) ? Optional.of(c) : Optional.empty();
        } catch (ClassNotFoundException | LinkageError e) {
            return Optional.empty();
        }
    }

    /**
     * Suggests what an unknown name could mean.
     *
     * @param name the name
     * @param known names that exist
     * @return {@code ; did you mean "sigmoidBce"?} for a similar name, and the known names if there are few; ""
     *     otherwise
     */
    public static String suggestion(String name, List<String> known) {
        String wanted = name.toLowerCase(Locale.ROOT);
        String nearest = known.stream()
                .filter(k -> isNear(wanted, k.toLowerCase(Locale.ROOT)))
                .min(Comparator.comparingInt(k -> remoteness(wanted, k.toLowerCase(Locale.ROOT))))
                .orElse(null);
        String meant = nearest == null ? "" : "; did you mean \"" + nearest + "\"?";
        return known.isEmpty() || known.size() > FEW ? meant : meant + "; known: " + String.join(", ", known);
    }

    /** A few letters differ, or most of the name is a prefix of the known one. */
    private static boolean isNear(String wanted, String known) {
        return distance(wanted, known) <= Math.max(2, Math.min(wanted.length(), known.length()) / 3)
                || 3 * commonPrefix(wanted, known) >= 2 * wanted.length();
    }

    private static int remoteness(String wanted, String known) {
        return distance(wanted, known) - commonPrefix(wanted, known);
    }

    private static int commonPrefix(String a, String b) {
        int n = 0;
        while (n < Math.min(a.length(), b.length()) && a.charAt(n) == b.charAt(n)) {
            n++;
        }
        return n;
    }

    /** The Levenshtein distance: insertions, deletions and replacements of letters. */
    private static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int replaced = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[b.length()];
    }
}
