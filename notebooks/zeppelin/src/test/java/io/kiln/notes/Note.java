package io.kiln.notes;

import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A note as people write it: its title in the first line; behind that its paragraphs, each of which begins with a line that names its
 * interpreter.
 *
 * @param number of the note
 * @param title what Zeppelin lists it by
 * @param paragraphs in their order
 */
record Note(int number, String title, List<Paragraph> paragraphs) {
    private static final String FORMAT = "0.10.0";
    private static final Pattern START = Pattern.compile("%(spark|md)");

    /**
     * A paragraph.
     *
     * @param interpreter its name
     * @param code what stands behind the name
     */
    record Paragraph(String interpreter, String code) {
        /** Whether it trains, and is to show a curve. */
        boolean fits() {
            return code.contains(".fit(") && !code.contains("setShowProgress(false)");
        }

        /** Whether it has a picture or a table. */
        boolean shows() {
            return code.contains("Notebook.show(");
        }

        String text() {
            return "%" + interpreter + "\n" + code;
        }
    }

    /** The folder of this module. */
    static Path folder() {
        return root().resolve("notebooks/zeppelin");
    }

    /** The folder of the repository. */
    static Path root() {
        Path folder = Path.of("").toAbsolutePath();
        while (!Files.exists(folder.resolve("build/spark.jvmargs"))) {
            folder = folder.getParent();
        }
        return folder;
    }

    static List<Note> all() throws IOException {
        List<Note> notes = new ArrayList<>();
        try (Stream<Path> files = Files.list(folder())) {
            for (Path file :
                    files.filter(f -> f.toString().endsWith(".note")).sorted().toList()) {
                notes.add(parse(file.getFileName().toString(), Files.readString(file)));
            }
        }
        return notes;
    }

    /** The note with a number. */
    static Note of(int number) throws IOException {
        return all().stream().filter(n -> n.number == number).findFirst().orElseThrow();
    }

    static Note parse(String name, String source) {
        List<String> lines = source.lines().toList();
        List<Paragraph> paragraphs = new ArrayList<>();
        for (int i = 1; i < lines.size(); i++) {
            Matcher start = START.matcher(lines.get(i));
            if (start.matches()) {
                int end = i + 1;
                while (end < lines.size() && !START.matcher(lines.get(end)).matches()) {
                    end++;
                }
                String code = String.join("\n", lines.subList(i + 1, end)).strip();
                paragraphs.add(new Paragraph(start.group(1), code));
            } else if (paragraphs.isEmpty() && !lines.get(i).isBlank()) {
                throw new IllegalArgumentException(
                        "%s:%d: expected %%spark or %%md, found '%s'".formatted(name, i + 1, lines.get(i)));
            }
        }
        int number = Integer.parseInt(name.substring(0, name.indexOf('-')));
        return new Note(number, lines.get(0), paragraphs);
    }

    /** Nine digits and capital letters, as Zeppelin's own. */
    String id() {
        return "2KILN%04d".formatted(number);
    }

    /** Where Zeppelin's form of this note is. */
    Path file() {
        return folder().resolve("notes").resolve(title + "_" + id() + ".zpln");
    }

    /** The note as Zeppelin keeps it: its fields in its order, without results and dates. */
    String toZpln() throws IOException {
        List<Object> cells = new ArrayList<>();
        for (Paragraph p : paragraphs) {
            boolean prose = p.interpreter.equals("md");
            Map<String, Object> cell = new LinkedHashMap<>();
            cell.put("text", p.text());
            cell.put("user", "anonymous");
            cell.put("config", config(prose));
            cell.put("settings", new TreeMap<>(Map.of("params", Map.of(), "forms", Map.of())));
            cell.put("apps", List.of());
            cell.put("id", "paragraph_%s_%02d".formatted(id(), cells.size() + 1));
            cell.put("status", "READY");
            cells.add(cell);
        }
        Map<String, Object> note = new LinkedHashMap<>();
        note.put("paragraphs", cells);
        note.put("name", title);
        note.put("id", id());
        note.put("defaultInterpreterGroup", "spark");
        note.put("version", FORMAT);
        note.put("noteParams", Map.of());
        note.put("noteForms", Map.of());
        note.put("angularObjects", Map.of());
        note.put("config", Map.of("isZeppelinNotebookCronEnable", false));
        note.put("info", Map.of());
        DefaultIndenter indenter = new DefaultIndenter("  ", "\n");
        DefaultPrettyPrinter printer =
                new DefaultPrettyPrinter().withObjectIndenter(indenter).withArrayIndenter(indenter);
        return new ObjectMapper().writer(printer).writeValueAsString(note) + "\n";
    }

    @Override
    public String toString() {
        return title;
    }

    private static Map<String, Object> config(boolean prose) {
        Map<String, Object> editor = new LinkedHashMap<>();
        editor.put("language", prose ? "markdown" : "scala");
        editor.put("editOnDblClick", prose);
        Map<String, Object> config = new LinkedHashMap<>();
        config.put("colWidth", 12);
        config.put("enabled", true);
        config.put("editorMode", prose ? "ace/mode/markdown" : "ace/mode/scala");
        config.put("editorSetting", editor);
        config.put("results", Map.of());
        return config;
    }
}
