package io.kiln.cpu;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Generates the classes that exist once per element type. {@code src/main/templates/…/XLoops.java.template} becomes
 * FloatLoops, DoubleLoops and LongLoops in the same package of {@code src/main/java}.
 *
 * <p>In a template, placeholders such as {@code $type$} stand for what {@link Type} says, and the lines between {@code #if
 * float double}, {@code #else} and {@code #end} are kept for the types that are named, or for the others. Blocks do not nest.
 */
final class Specializations {
    /** The element types, with what each placeholder becomes. */
    private enum Type {
        FLOAT("float", "Float", "FLOAT32", "double", "functions", "Math.pow"),
        DOUBLE("double", "Double", "FLOAT64", "double", "DoubleLoops", "Math.pow"),
        LONG("long", "Long", "INT64", "long", "LongLoops", "Functions.power");

        final Map<String, String> placeholders;

        Type(String type, String name, String dtype, String sum, String select, String power) {
            placeholders = Map.of(
                    "$type$", type,
                    "$Type$", name,
                    "$DTYPE$", dtype,
                    "$sum$", sum,
                    "$select$", select,
                    "$power$", power);
        }

        String keyword() {
            return placeholders.get("$type$");
        }

        String prefix() {
            return placeholders.get("$Type$");
        }
    }

    private static final String SUFFIX = ".java.template";

    /** Types of the templates that do not need all of them. */
    private static final Map<String, List<Type>> TYPES = Map.of("XMath" + SUFFIX, List.of(Type.FLOAT, Type.DOUBLE));

    private final Path templates;

    Specializations(Path templates) {
        this.templates = templates;
    }

    /** The generated sources by their path below {@code src/main/java}. */
    Map<Path, String> sources() throws IOException {
        Map<Path, String> sources = new TreeMap<>();
        try (Stream<Path> files = Files.walk(templates)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                String name = file.getFileName().toString();
                if (!name.startsWith("X") || !name.endsWith(SUFFIX)) {
                    throw new IllegalStateException(file + ": expected a name like XLoops" + SUFFIX);
                }
                for (Type type : TYPES.getOrDefault(name, List.of(Type.values()))) {
                    String source = name.replace(SUFFIX, ".java").replaceFirst("X", type.prefix());
                    sources.put(
                            templates.relativize(file).resolveSibling(source),
                            header(name) + specialize(Files.readString(file), type, name));
                }
            }
        }
        return sources;
    }

    private static String header(String template) {
        return "// Generated from src/main/templates/…/" + template + ", do not edit.\n"
                + "// After a change of the template: mvn test -pl engine/cpu -am -Dtest=SpecializationsTest -Dkiln.write=true\n";
    }

    private static String specialize(String template, Type type, String name) {
        List<String> kept = new ArrayList<>();
        boolean inBlock = false;
        boolean keeps = true;
        int number = 0;
        for (String line : template.lines().toList()) {
            number++;
            String[] words = line.split(" ");
            boolean expected =
                    switch (words[0]) {
                        case "#if" -> !inBlock;
                        case "#else", "#end" -> inBlock;
                        default -> true;
                    };
            if (!expected) {
                throw new IllegalStateException(name + ":" + number + ": unexpected " + line);
            }
            switch (words[0]) {
                case "#if" -> {
                    inBlock = true;
                    keeps = List.of(words).subList(1, words.length).contains(type.keyword());
                }
                case "#else" -> keeps = !keeps;
                case "#end" -> {
                    inBlock = false;
                    keeps = true;
                }
                default -> {
                    if (keeps) {
                        kept.add(fill(line, type, name + ":" + number));
                    }
                }
            }
        }
        if (inBlock) {
            throw new IllegalStateException(name + ": #if without #end");
        }
        return String.join("\n", kept) + "\n";
    }

    private static String fill(String line, Type type, String place) {
        String filled = line;
        for (Map.Entry<String, String> entry : type.placeholders.entrySet()) {
            filled = filled.replace(entry.getKey(), entry.getValue());
        }
        if (filled.contains("$")) {
            throw new IllegalStateException(place + ": unknown placeholder in " + line.strip());
        }
        return filled;
    }
}
