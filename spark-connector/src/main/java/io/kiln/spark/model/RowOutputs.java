package io.kiln.spark.model;

import io.kiln.spark.feed.Batch;
import io.kiln.spark.feed.NetworkInputs;
import java.io.Serializable;
import java.util.List;
import java.util.Set;

/** Columns that are made of values of a network with named inputs. */
public sealed interface RowOutputs extends Serializable permits ValueOutputs, DecodedOutputs {
    /** {@return the values that are computed, as {@link OutputNames} reads them} */
    List<String> names();

    /** {@return the columns of a row with invalid inputs} */
    Object[] unknown();

    /**
     * The fields that may be packed as CSR matrices.
     *
     * @param network the network
     * @param inputs its inputs
     * @return their indices
     */
    Set<Integer> sparseFields(TrainedNetwork network, NetworkInputs inputs);

    /**
     * Computes the columns of a batch.
     *
     * @param network the network
     * @param inputs its inputs
     * @param batch the rows
     * @param usual rows of most batches: programs are compiled for these
     * @param threads engine threads to use
     * @return one value per column for each row, in Spark's internal format
     */
    List<Object[]> compute(TrainedNetwork network, NetworkInputs inputs, Batch batch, int usual, int threads);
}
