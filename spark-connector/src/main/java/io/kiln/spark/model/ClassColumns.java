package io.kiln.spark.model;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.spark.feed.Batch;
import io.kiln.spark.feed.NetworkInputs;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The columns of a classifier whose network has named inputs.
 *
 * @param score the network's value with the scores of a row
 * @param scores how many scores a row has
 * @param columns the columns
 */
public record ClassColumns(String score, int scores, ClassOutput columns) implements ValueOutputs {
    @Override
    public List<String> names() {
        return List.of(score);
    }

    @Override
    public Object[] unknown() {
        float[] none = new float[scores];
        Arrays.fill(none, Float.NaN);
        return columns.values(none, 0, scores);
    }

    @Override
    public List<Object[]> rows(NetworkInputs inputs, Batch batch, NDArray... y) {
        float[] all = y[0].cast(DType.FLOAT32).toFloatArray();
        List<Object[]> rows = new ArrayList<>();
        for (int i = 0; i < batch.rows(); i++) {
            rows.add(columns.values(all, i * scores, scores));
        }
        return rows;
    }
}
