package io.kiln.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A Markdown page with results in it: the text around them is written by people and stays. */
final class Page {

    static final String BEGIN = "<!-- results: written by bench --markdown -->";
    static final String END = "<!-- end of results -->";

    private Page() {}

    /** Puts the results between the marks of the page, or makes a page of nothing else where there is none. */
    static void write(Path file, String results) throws IOException {
        String marked = BEGIN + "\n" + results.strip() + "\n" + END;
        if (!Files.exists(file)) {
            Files.writeString(file, marked + "\n");
            return;
        }
        String page = Files.readString(file);
        int begin = page.indexOf(BEGIN);
        int end = page.indexOf(END);
        if (begin < 0 || end < begin) {
            throw new IOException(file + ": expected the lines '" + BEGIN + "' and '" + END
                    + "' around the results, found no such place; add them, or name a new file");
        }
        Files.writeString(file, page.substring(0, begin) + marked + page.substring(end + END.length()));
    }
}
