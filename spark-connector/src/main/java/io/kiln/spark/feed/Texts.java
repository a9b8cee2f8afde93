package io.kiln.spark.feed;

import io.kiln.data.text.Vocabulary;
import java.io.Serializable;
import java.util.List;

/**
 * The texts of a vocabulary in an executor, whose tasks share one table for look-ups.
 *
 * <p>Concurrency: thread-safe.
 */
final class Texts implements Serializable {
    private static final long serialVersionUID = 1L;

    @SuppressWarnings("serial") // an unmodifiable list of strings
    private final List<String> texts;

    private transient Vocabulary known;

    Texts(List<String> texts) {
        this.texts = texts;
    }

    /** The texts in a form for look-ups. */
    synchronized Vocabulary lookUp() {
        if (known == null) {
            known = new Vocabulary(texts);
        }
        return known;
    }
}
