package io.kiln.data.file;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Code shared by the readers of text files. */
final class Text {
    private Text() {}

    static List<String> split(String line, char separator) {
        List<String> cells = new ArrayList<>();
        int from = 0;
        for (int at = line.indexOf(separator); at >= 0; at = line.indexOf(separator, from)) {
            cells.add(line.substring(from, at));
            from = at + 1;
        }
        cells.add(line.substring(from));
        return cells;
    }

    static double number(Path file, int line, String text) throws IOException {
        try {
            return Double.parseDouble(text.trim());
        } catch (NumberFormatException e) {
            throw new IOException("%s: line %d: expected a number, found \"%s\"".formatted(file, line, text), e);
        }
    }

    static IOException noText(Path file, CharacterCodingException e) {
        return new IOException(file + ": expected UTF-8 text, found other bytes", e);
    }
}
