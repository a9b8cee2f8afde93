package io.kiln.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SpecializationsTest {
    private static final Path MAIN =
            Path.of(System.getProperty("maven.multiModuleProjectDirectory", "../../.."), "engine/cpu/src/main");

    @Test
    void theSourcesAreWhatTheTemplatesSay() throws IOException {
        Map<Path, String> sources = new Specializations(MAIN.resolve("templates")).sources();
        Path java = MAIN.resolve("java");
        for (Map.Entry<Path, String> source : sources.entrySet()) {
            Path file = java.resolve(source.getKey());
            if (Boolean.getBoolean("kiln.write")) {
                Files.writeString(file, source.getValue());
            }
            assertEquals(source.getValue(), Files.readString(file), "run this test with -Dkiln.write=true");
        }
        assertEquals(sources.keySet(), generated(java), "files that say that they are generated");
    }

    private static Set<Path> generated(Path java) throws IOException {
        Set<Path> found = new TreeSet<>();
        try (Stream<Path> files = Files.walk(java)) {
            for (Path file : files.filter(f -> f.toString().endsWith(".java")).toList()) {
                if (Files.readString(file).startsWith("// Generated from ")) {
                    found.add(java.relativize(file));
                }
            }
        }
        return found;
    }

    @Test
    void aTemplateKeepsTheLinesOfItsTypes(@TempDir Path templates) throws IOException {
        write(templates, "$type$\n#if float double\nreal\n#else\nwhole\n#end\n$Type$");
        Map<Path, String> sources = new Specializations(templates).sources();
        assertTrue(sources.get(Path.of("FloatPart.java")).endsWith("float\nreal\nFloat\n"));
        assertTrue(sources.get(Path.of("DoublePart.java")).endsWith("double\nreal\nDouble\n"));
        assertTrue(sources.get(Path.of("LongPart.java")).endsWith("long\nwhole\nLong\n"));
    }

    @Test
    void mistakesInATemplateAreErrors(@TempDir Path templates) throws IOException {
        for (String template : new String[] {"#if long", "#end", "#else", "#if long\n#if float\n#end", "$kind$"}) {
            write(templates, template);
            assertThrows(IllegalStateException.class, () -> new Specializations(templates).sources(), template);
        }
    }

    private static void write(Path templates, String text) throws IOException {
        Files.writeString(templates.resolve("XPart.java.template"), text);
    }
}
