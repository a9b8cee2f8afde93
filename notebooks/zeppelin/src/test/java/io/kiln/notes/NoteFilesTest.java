package io.kiln.notes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The files for Zeppelin say what the sources beside them say; {@code -Dkiln.write=true} writes them anew. */
class NoteFilesTest {
    @Test
    void zeppelinsFilesAreThoseOfTheSources() throws IOException {
        List<Note> notes = Note.all();
        assertEquals(
                List.of(1, 2, 3, 4, 5, 6, 7), notes.stream().map(Note::number).toList());
        if (Boolean.getBoolean("kiln.write")) {
            for (Note note : notes) {
                Files.createDirectories(note.file().getParent());
                Files.writeString(note.file(), note.toZpln());
            }
        }
        for (Note note : notes) {
            assertEquals(note.toZpln(), Files.readString(note.file()), note.file() + ": run with -Dkiln.write=true");
        }
        try (Stream<Path> files = Files.list(notes.get(0).file().getParent())) {
            assertEquals(
                    notes.stream().map(Note::file).sorted().toList(),
                    files.sorted().toList());
        }
    }

    @Test
    void whatStandsBeforeTheFirstParagraphIsRefused() {
        IllegalArgumentException e = assertThrows(
                IllegalArgumentException.class, () -> Note.parse("8-new.note", "8 New\n\nval x = 1\n\n%spark\nx"));
        assertEquals("8-new.note:3: expected %spark or %md, found 'val x = 1'", e.getMessage());
    }
}
