package io.kiln.spark.model;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import java.io.Serializable;
import java.util.Arrays;
import java.util.List;

/**
 * Scores of pairs by a network whose inputs are rows of two tables, those of users and of items.
 *
 * @param output the network's value that is the score, as {@link OutputNames} reads it
 * @param fixed the input of the side that a call has one row of: 0 or 1
 * @param others number of rows of the other side
 */
public record PairScores(String output, int fixed, int others) implements Serializable {
    private static final int BLOCK = 4096;

    /**
     * Computes the scores of one row with all rows of the other side, block by block.
     *
     * @param network the network
     * @param row the row
     * @param threads engine threads to use
     * @return a score for each row of the other side
     */
    public float[] compute(TrainedNetwork network, int row, int threads) {
        float[] scores = new float[others];
        int size = Math.min(others, BLOCK);
        int[] one = new int[size];
        Arrays.fill(one, row);
        int[] other = new int[size];
        for (int begin = 0; begin < others; begin += size) {
            int last = others - 1;
            for (int i = 0; i < size; i++) { // blocks have one size, for which the network is compiled
                other[i] = Math.min(begin + i, last);
            }
            float[] block = network.predicting(size, threads, () -> {
                Shape shape = Shape.of(size);
                NDArray[] x = {NDArray.of(shape, fixed == 0 ? one : other), NDArray.of(shape, fixed == 0 ? other : one)
                };
                return network.part(List.of(output))
                        .callAll(x)[0]
                        .cast(DType.FLOAT32)
                        .toFloatArray();
            });
            System.arraycopy(block, 0, scores, begin, Math.min(size, others - begin));
        }
        return scores;
    }
}
