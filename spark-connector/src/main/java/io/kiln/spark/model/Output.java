package io.kiln.spark.model;

import java.io.Serializable;

/** Makes the new columns of a row from what the network gave for it. */
@FunctionalInterface
public interface Output extends Serializable {
    /**
     * Makes the values.
     *
     * @param outputs what the network gave for all rows of a batch
     * @param start where this row's numbers begin
     * @param count how many they are
     * @return one value per new column, as Spark keeps them in rows
     */
    Object[] values(float[] outputs, int start, int count);
}
