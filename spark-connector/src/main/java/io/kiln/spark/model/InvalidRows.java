package io.kiln.spark.model;

import java.util.Locale;

/** How rows with features that are null, NaN or infinite are handled. */
public enum InvalidRows {
    /** They end the job with an error. */
    ERROR,
    /** They are skipped. */
    SKIP,
    /** They are kept, with NaN as their predictions. */
    KEEP;

    /**
     * Returns the constant of a Param's value.
     *
     * @param name {@code error}, {@code skip} or {@code keep}
     * @return the constant
     */
    public static InvalidRows of(String name) {
        return valueOf(name.toUpperCase(Locale.ROOT));
    }
}
