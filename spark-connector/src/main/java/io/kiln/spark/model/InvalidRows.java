package io.kiln.spark.model;

import java.util.Locale;

/** What happens to rows with features that are null, NaN or infinite. */
public enum InvalidRows {
    /** They end the job with a message. */
    ERROR,
    /** They are left out. */
    SKIP,
    /** They stay, and everything predicted for them is NaN. */
    KEEP;

    /**
     * The constant of a Param's value.
     *
     * @param name {@code error}, {@code skip} or {@code keep}
     * @return the constant
     */
    public static InvalidRows of(String name) {
        return valueOf(name.toUpperCase(Locale.ROOT));
    }
}
