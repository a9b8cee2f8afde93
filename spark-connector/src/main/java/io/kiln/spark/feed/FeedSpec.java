package io.kiln.spark.feed;

import java.io.Serializable;

/**
 * What the rows of a fit must look like.
 *
 * @param columns the columns
 * @param width features per row
 * @param labels what labels may be
 * @param skipInvalid whether rows with a feature, label or weight that is null, NaN or infinite are left out instead of
 *     refused
 */
public record FeedSpec(FeedColumns columns, int width, Labels labels, boolean skipInvalid) implements Serializable {
    /** Checks the width. */
    public FeedSpec {
        if (width < 1) {
            throw new IllegalArgumentException("features: a row needs at least 1 feature, got " + width);
        }
    }

    /**
     * A specification that refuses invalid rows.
     *
     * @param columns the columns
     * @param width features per row
     * @param labels what labels may be
     */
    public FeedSpec(FeedColumns columns, int width, Labels labels) {
        this(columns, width, labels, false);
    }
}
