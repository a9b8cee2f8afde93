package io.kiln.spark.feed;

import java.io.Serializable;

/**
 * The required form of the rows of a fit.
 *
 * @param columns the columns
 * @param width features per row
 * @param labels the allowed labels
 * @param skipInvalid whether rows with a feature, label or weight that is null, NaN or infinite are skipped instead of
 *     rejected
 */
public record FeedSpec(FeedColumns columns, int width, Labels labels, boolean skipInvalid) implements Serializable {
    /** Checks the width. */
    public FeedSpec {
        if (width < 1) {
            throw new IllegalArgumentException("features: a row needs at least 1 feature, got " + width);
        }
    }

    /**
     * Creates a specification that rejects invalid rows.
     *
     * @param columns the columns
     * @param width features per row
     * @param labels the allowed labels
     */
    public FeedSpec(FeedColumns columns, int width, Labels labels) {
        this(columns, width, labels, false);
    }
}
