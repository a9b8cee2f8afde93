package io.kiln.spark.ui.internal;

import java.util.ArrayDeque;
import java.util.Deque;

/** Writes HTML and SVG; every text and every attribute is escaped on its way. */
public final class Html {
    private final StringBuilder out = new StringBuilder();
    private final Deque<String> open = new ArrayDeque<>();

    /**
     * Opens an element.
     *
     * @param tag its name
     * @param attributes names and values in turn
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

    /** An element that holds text. */
    public Html element(String tag, String text, String... attributes) {
        return open(tag, attributes).text(text).close();
    }

    /** An element of SVG that holds nothing; those of HTML are opened and closed. */
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

    /** Adds what is HTML already: what another writer wrote. */
    public Html add(Html part) {
        out.append(part);
        return this;
    }

    /** Adds markup that Kiln made itself and that holds no foreign text but escaped. */
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
     * Text as it stands in markup and in attributes.
     *
     * @param text any text
     * @return the text with references in place of the characters that mean something there
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
