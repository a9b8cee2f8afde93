package io.kiln.spark.feed;

import java.io.Serializable;

/**
 * What the rows of a fit must look like.
 *
 * @param columns the columns
 * @param width features per row
 * @param labels what labels may be
 */
public record FeedSpec(FeedColumns columns, int width, Labels labels) implements Serializable {
    /** Checks the width. */
    public FeedSpec {
        if (width < 1) {
            throw new IllegalArgumentException("features: a row needs at least 1 feature, got " + width);
        }
    }
}
