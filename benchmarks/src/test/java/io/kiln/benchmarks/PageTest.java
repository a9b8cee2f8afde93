package io.kiln.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PageTest {

    @TempDir
    Path folder;

    @Test
    void resultsReplaceThoseOfTheRunBeforeAndTheTextAroundStays() throws IOException {
        Path file = folder.resolve("page.md");
        Page.write(file, "| old |");
        Files.writeString(file, "# Head\n\n" + Files.readString(file) + "\nfoot\n");
        Page.write(file, "| new |\n");
        assertEquals("# Head\n\n" + Page.BEGIN + "\n| new |\n" + Page.END + "\n\nfoot\n", Files.readString(file));
    }

    @Test
    void aPageWithoutPlaceForResultsIsRefusedAndStays() throws IOException {
        Path file = folder.resolve("page.md");
        Files.writeString(file, "precious");
        IOException e = assertThrows(IOException.class, () -> Page.write(file, "| new |"));
        assertTrue(e.getMessage().contains(Page.BEGIN), e.getMessage());
        assertEquals("precious", Files.readString(file));
    }
}
