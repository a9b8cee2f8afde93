package io.kiln.view;

import java.util.ArrayList;
import java.util.List;

/** A text table: columns are as wide as their longest cell; the first ones are aligned left, numbers right. */
public final class TextTable {
    private final int left;
    private final List<String[]> rows = new ArrayList<>();

    /**
     * Creates a table.
     *
     * @param left number of columns, from the first, that are aligned left
     * @param headers the columns' headers
     */
    public TextTable(int left, String... headers) {
        this.left = left;
        rows.add(headers.clone());
    }

    /**
     * Adds a row.
     *
     * @param cells one text per column
     * @return this table
     */
    public TextTable row(String... cells) {
        if (cells.length != rows.get(0).length) {
            throw new IllegalArgumentException(
                    "table: a row needs " + rows.get(0).length + " cells, got " + cells.length);
        }
        rows.add(cells.clone());
        return this;
    }

    /** {@return the table, with a line below the headers and without a line break at the end} */
    @Override
    public String toString() {
        int[] widths = new int[rows.get(0).length];
        for (String[] row : rows) {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], row[i].codePointCount(0, row[i].length()));
            }
        }
        StringBuilder text = new StringBuilder();
        for (int r = 0; r < rows.size(); r++) {
            StringBuilder line = new StringBuilder();
            for (int i = 0; i < widths.length; i++) {
                String cell = rows.get(r)[i];
                String space = " ".repeat(widths[i] - cell.codePointCount(0, cell.length()));
                line.append(i == 0 ? "" : "  ").append(i < left ? cell + space : space + cell);
            }
            text.append(r == 0 ? "" : "\n").append(line.toString().stripTrailing());
            if (r == 0) {
                text.append('\n').append("-".repeat(line.length()));
            }
        }
        return text.toString();
    }
}
