package io.kiln.spark.ui.internal;

import java.util.ArrayDeque;
import java.util.Deque;

/** Writes HTML and SVG; all texts and attributes are escaped. */
public final class Html {
    private final StringBuilder out = new StringBuilder();
    private final Deque<String> open = new ArrayDeque<>();

    /**
     * Opens an element.
     *
     * @param tag its name
     * @param attributes alternating names and values
     */
    public Html open(String tag, String... attributes) {
        start(tag, attributes);
        out.append('>');
        open.push(tag);
        return this;
    }

    /** Closes the element opened last. */
    public Html close() {
        out.append("</").append(open.pop()).append('>');
        return this;
    }

    /** Adds an element with text. */
    public Html element(String tag, String text, String... attributes) {
        return open(tag, attributes).text(text).close();
    }

    /** Adds an empty SVG element; HTML elements must be opened and closed. */
    public Html empty(String tag, String... attributes) {
        start(tag, attributes);
        out.append("/>");
        return this;
    }

    /** Adds text, escaped. */
    public Html text(String text) {
        out.append(escape(text));
        return this;
    }

    /** Adds the HTML of another writer. */
    public Html add(Html part) {
        out.append(part);
        return this;
    }

    /** Adds markup made by Kiln, in which all foreign text is escaped. */
    public Html markup(String markup) {
        out.append(markup);
        return this;
    }

    private void start(String tag, String... attributes) {
        out.append('<').append(tag);
        for (int i = 0; i < attributes.length; i += 2) {
            out.append(' ').append(attributes[i]).append("=\"");
            out.append(escape(attributes[i + 1]));
            out.append('"');
        }
    }

    /**
     * Escapes text for markup and attributes.
     *
     * @param text any text
     * @return the text with special characters replaced by references
     */
    public static String escape(String text) {
        StringBuilder escaped = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '<' -> escaped.append("&lt;");
                case '>' -> escaped.append("&gt;");
                case '&' -> escaped.append("&amp;");
                case '"' -> escaped.append("&quot;");
                case '\'' -> escaped.append("&#39;");
                default -> escaped.append(c);
            }
        }
        return escaped.toString();
    }

    @Override
    public String toString() {
        return out.toString();
    }
}
