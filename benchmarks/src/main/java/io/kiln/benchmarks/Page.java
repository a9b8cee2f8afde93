package io.kiln.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A Markdown page with results in it: the text around them is written by people and stays. */
final class Page {

    static final String BEGIN = "<!-- results: written by bench --markdown -->";
    static final String END = "<!-- end of results -->";

    private Page() {}

    /**
     * Puts results into the table between the marks of the page, or makes a page of nothing else where there is none.
     *
     * @param run what the results are of: date, machine and command in one line
     */
    static void write(Path file, String run, List<Result> results) throws IOException {
        boolean isNew = !Files.exists(file);
        String page = isNew ? BEGIN + "\n" + END + "\n" : Files.readString(file);
        int begin = page.indexOf(BEGIN);
        int end = page.indexOf(END);
        if (begin < 0 || end < begin) {
            throw new IOException(file + ": expected the lines '" + BEGIN + "' and '" + END
                    + "' around the results, found no such place; add them, or name a new file");
        }
        ResultsTable table = ResultsTable.parse(page.substring(begin + BEGIN.length(), end));
        table.add(run, results);
        Files.writeString(
                file, page.substring(0, begin) + BEGIN + "\n" + table.toString().strip() + "\n" + page.substring(end));
    }
}
