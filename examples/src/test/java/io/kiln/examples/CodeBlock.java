package io.kiln.examples;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A fenced block of code in a Markdown file.
 *
 * @param file where it stands
 * @param line of its opening fence, from 1
 * @param language what stands behind the opening fence
 * @param code the text between the fences
 */
record CodeBlock(Path file, int line, String language, String code) {
    private static final String FENCE = "```";

    /** The blocks of a file, in order. */
    static List<CodeBlock> of(Path file) throws IOException {
        List<CodeBlock> blocks = new ArrayList<>();
        List<String> lines = Files.readAllLines(file);
        for (int i = 0; i < lines.size(); i++) {
            if (!lines.get(i).startsWith(FENCE)) {
                continue;
            }
            int end = i + 1;
            while (end < lines.size() && !lines.get(end).equals(FENCE)) {
                end++;
            }
            if (end == lines.size()) {
                throw new IOException(file + ":" + (i + 1) + ": a code block without end");
            }
            String language = lines.get(i).substring(FENCE.length()).strip();
            blocks.add(new CodeBlock(file, i + 1, language, String.join("\n", lines.subList(i + 1, end)) + "\n"));
            i = end;
        }
        return blocks;
    }

    @Override
    public String toString() {
        return file.getFileName() + ":" + line + " (" + language + ")";
    }
}
