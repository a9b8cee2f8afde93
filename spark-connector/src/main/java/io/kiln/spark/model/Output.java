package io.kiln.spark.model;

import java.io.Serializable;

/** Computes the new columns of a row from the network's outputs. */
@FunctionalInterface
public interface Output extends Serializable {
    /**
     * Computes the values.
     *
     * @param outputs the network's outputs for all rows of a batch
     * @param start index of this row's first output
     * @param count number of outputs per row
     * @return one value per new column, in Spark's internal format
     */
    Object[] values(float[] outputs, int start, int count);
}
