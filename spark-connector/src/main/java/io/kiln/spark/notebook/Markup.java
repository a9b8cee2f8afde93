package io.kiln.spark.notebook;

import io.kiln.spark.ui.internal.Html;
import java.util.List;
import java.util.Locale;

/** Builds HTML and SVG. Text has the page's own colour, so that it is readable on light and dark pages. */
final class Markup {
    private final StringBuilder text = new StringBuilder();

    /** Adds a format string, with numbers in the notation of web standards. */
    Markup add(String format, Object... values) {
        text.append(String.format(Locale.ROOT, format, values));
        return this;
    }

    /** Opens a table; the first columns are aligned left, all others right. */
    static String table(int left, List<String> headers, List<List<String>> rows) {
        Markup m = new Markup().add("<table style=\"border-collapse:collapse\"><thead>");
        m.row("th", left, headers).add("</thead><tbody>");
        rows.forEach(r -> m.row("td", left, r));
        return m.add("</tbody></table>").toString();
    }

    private Markup row(String tag, int left, List<String> cells) {
        add("<tr>");
        for (int i = 0; i < cells.size(); i++) {
            add(
                    "<%s style=\"text-align:%s;padding:2px 10px\">%s</%s>",
                    tag, i < left ? "left" : "right", escape(cells.get(i)), tag);
        }
        return add("</tr>");
    }

    /** Escapes text for HTML; leading spaces are preserved. */
    static String escape(String s) {
        String escaped = Html.escape(s);
        int spaces = escaped.length() - escaped.stripLeading().length();
        return "&nbsp;".repeat(spaces) + escaped.substring(spaces);
    }

    @Override
    public String toString() {
        return text.toString();
    }
}
