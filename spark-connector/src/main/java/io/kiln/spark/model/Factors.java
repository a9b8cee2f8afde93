package io.kiln.spark.model;

import java.io.Serializable;
import java.util.Arrays;
import java.util.List;

/**
 * Vectors of users or items by their ids. Scores are inner products.
 *
 * <p>Concurrency: immutable and thread-safe.
 */
public final class Factors implements Serializable {
    private static final long serialVersionUID = 1L;

    private final Ids ids;
    private final float[] vectors;
    private final int width;

    /**
     * Makes a table.
     *
     * @param ids the ids
     * @param vectors a vector for each id, one after another
     * @throws IllegalArgumentException if the sizes do not fit
     */
    public Factors(Ids ids, float... vectors) {
        if (vectors.length == 0 || vectors.length % ids.size() != 0) {
            throw new IllegalArgumentException(
                    "factors: needs a vector for each of %d ids, got %d numbers".formatted(ids.size(), vectors.length));
        }
        this.ids = ids;
        this.vectors = vectors.clone();
        this.width = vectors.length / ids.size();
    }

    /** {@return the ids} */
    public Ids ids() {
        return ids;
    }

    /**
     * A vector.
     *
     * @param row its row
     * @return a copy
     */
    public float[] vector(int row) {
        return Arrays.copyOfRange(vectors, row * width, (row + 1) * width);
    }

    /**
     * The score of a pair.
     *
     * @param row row of this table
     * @param other the other table
     * @param otherRow its row
     * @return the inner product
     */
    public float score(int row, Factors other, int otherRow) {
        double sum = 0;
        for (int i = 0; i < width; i++) {
            sum += (double) vectors[row * width + i] * other.vectors[otherRow * width + i];
        }
        return (float) sum;
    }

    /**
     * The rows of another table with the highest scores.
     *
     * @param row row of this table
     * @param other the other table
     * @param count how many
     * @return at most so many, the best first; equal scores by ascending id
     */
    public List<BestScores.Scored> best(int row, Factors other, int count) {
        BestScores best = new BestScores(count);
        for (int i = 0; i < other.ids.size(); i++) {
            best.add(other.ids.id(i), score(row, other, i));
        }
        return best.list();
    }
}
