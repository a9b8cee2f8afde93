package io.kiln.examples;

import io.kiln.ndarray.NDArray;
import io.kiln.op.FluentOperand;
import io.kiln.op.Operand;
import io.kiln.op.Operator;
import io.kiln.op.Pointwise;
import io.kiln.op.ViewOperator;
import java.io.IOException;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Generates docs/operators.md from the sources of the operators. */
final class OperatorIndex {
    private static final Pattern RECORD = Pattern.compile(
            "/\\*\\*(.*?)\\*/\\s*public record (\\w+)\\(((?:[^()]|\\([^)]*\\))*)\\)\\s*implements", Pattern.DOTALL);
    private static final Pattern ANNOTATION = Pattern.compile("@\\w+(\\([^)]*\\))? ");
    private static final Pattern METHOD = Pattern.compile(
            "public (?:static )?(?:final )?[\\w<>\\[\\], ]*(?:NDArray|\\bT\\b)[\\w<>\\[\\], ]* (\\w+)\\([^{]*\\{(.*?)\\n    \\}",
            Pattern.DOTALL);
    private static final Pattern CREATION = Pattern.compile("new (\\w+)\\(");
    private static final Pattern TAG = Pattern.compile("\\{@(?:link|code|linkplain) ([^}]*)\\}");

    private final Path sources;
    private final Map<String, TreeSet<String>> calls = new TreeMap<>();

    OperatorIndex(Path root) {
        this.sources = root.resolve("engine/core/src/main/java/io/kiln/op");
    }

    /** The whole page. */
    String page() throws IOException {
        List<Path> files = files();
        for (Path f : files) {
            if (!family(f).equals("internal")) {
                readCalls(f, type(f), name(f));
            }
        }
        for (Class<?> c = FluentOperand.class; c != Operand.class; c = c.getSuperclass()) {
            readCalls(sources.resolve(c.getSimpleName() + ".java"), NDArray.class, "NDArray");
        }
        StringBuilder page = new StringBuilder(
                """
                # Operators

                This page is generated from the sources by `mvn test -pl examples -am -Dtest=OperatorIndexTest -Dkiln.write=true`;
                a test fails if it is out of date. An operator is a record in `io.kiln.op` or in the subpackage shown in
                the second column; its components are its attributes. Its Javadoc describes shapes, dtypes, errors and
                sources. Operators in `internal` are parts of gradients and not called by users; others without a call
                are run by `Dispatch`.

                The last column shows how an operator runs on a backend that has no kernel for it: as a *program* of one
                element at a time, as a *view*, or *composed* of other operators. *kernel* means that every backend
                needs one.

                | operator | package | attributes | what it does | call | runs as |
                |---|---|---|---|---|---|
                """);
        for (String row : rows(files)) {
            page.append(row).append('\n');
        }
        return page.toString();
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> files = Files.walk(sources)) {
            return files.filter(f -> f.toString().endsWith(".java") && !f.endsWith("package-info.java"))
                    .sorted(Comparator.comparing(OperatorIndex::name))
                    .toList();
        }
    }

    private void readCalls(Path file, Class<?> type, String shown) throws IOException {
        Matcher m = METHOD.matcher(Files.readString(file));
        while (m.find()) {
            if (!shown.equals("NDArray") && !isFacade(type, m.group(1))) {
                continue;
            }
            Matcher made = CREATION.matcher(m.group(2));
            while (made.find()) {
                calls.computeIfAbsent(made.group(1), k -> new TreeSet<>()).add("`" + shown + "." + m.group(1) + "`");
            }
        }
    }

    /** Static methods of operators are not public calls, and methods of operands are listed under NDArray. */
    private static boolean isFacade(Class<?> c, String method) {
        return Modifier.isPublic(c.getModifiers())
                && !Operand.class.isAssignableFrom(c)
                && !c.isRecord()
                && !c.isEnum()
                && Stream.of(c.getMethods()).anyMatch(x -> x.getName().equals(method));
    }

    private static boolean isOperator(Class<?> c) {
        return Operator.class.isAssignableFrom(c) && c.isRecord() && Modifier.isPublic(c.getModifiers());
    }

    private Collection<String> rows(List<Path> files) throws IOException {
        List<String> rows = new ArrayList<>();
        for (Path file : files) {
            if (!isOperator(type(file))) {
                continue;
            }
            Matcher m = RECORD.matcher(Files.readString(file));
            if (!m.find() || !m.group(2).equals(name(file))) {
                throw new IllegalStateException("operator index: " + file + " does not begin with its record");
            }
            String attributes = ANNOTATION
                    .matcher(m.group(3).replaceAll("\\s+", " ").strip())
                    .replaceAll("");
            rows.add("| %s | %s | %s | %s | %s | %s |"
                    .formatted(
                            m.group(2),
                            family(file),
                            attributes.isEmpty() ? "" : "`" + attributes + "`",
                            firstSentence(m.group(1)),
                            String.join(", ", calls.getOrDefault(m.group(2), new TreeSet<>())),
                            runsAs(type(file))));
        }
        return rows;
    }

    /** How an operator runs on a backend that has no kernel for it. */
    private static String runsAs(Class<?> operator) {
        if (Pointwise.class.isAssignableFrom(operator)) {
            return "program";
        }
        if (ViewOperator.class.isAssignableFrom(operator)) {
            return "view";
        }
        try {
            Class<?> composer = operator.getMethod("compose", NDArray[].class).getDeclaringClass();
            return composer == Operator.class ? "kernel" : "composed";
        } catch (NoSuchMethodException e) {
            throw new IllegalStateException("operator index: operators have no method compose any more", e);
        }
    }

    private Class<?> type(Path file) {
        String type = "io.kiln.op." + (family(file).isEmpty() ? "" : family(file) + ".") + name(file);
        try {
            return Class.forName(type);
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException("operator index: the sources of " + type + " are not what was compiled", e);
        }
    }

    private String family(Path file) {
        return sources.relativize(file.getParent()).toString();
    }

    /** Up to the first full stop, colon or blank line; formulas in LaTeX stay in the Javadoc. */
    private static String firstSentence(String javadoc) {
        String text = javadoc.replaceAll("(?m)^\\s*\\*\\s?", " ")
                .replaceAll("\\s+", " ")
                .strip();
        text = TAG.matcher(text)
                .replaceAll("$1")
                .replace("&lt;", "<")
                .replace("&gt;", ">")
                .replace("|", "\\|");
        Matcher end = Pattern.compile("(?<! al)[.:](?= |$)|\\\\\\(| @| <p>").matcher(text);
        String sentence = end.find() ? text.substring(0, end.start()) : text;
        return sentence.strip();
    }

    private static String name(Path file) {
        return file.getFileName().toString().replace(".java", "");
    }
}
