package io.kiln.spark.model;

import java.io.Serializable;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;

/**
 * Vectors of users or items by their ids. Scores are inner products.
 *
 * <p>Concurrency: immutable and thread-safe.
 */
public final class Factors implements Serializable {
    private static final long serialVersionUID = 1L;

    private final long[] ids;
    private final float[] vectors;
    private final int width;

    /**
     * Makes a table.
     *
     * @param ids the ids, in ascending order, each once
     * @param vectors a vector for each id, one after another
     * @throws IllegalArgumentException if the sizes do not fit, or the ids are not in order
     */
    public Factors(long[] ids, float... vectors) {
        for (int i = 1; i < ids.length; i++) {
            if (ids[i] <= ids[i - 1]) {
                throw new IllegalArgumentException(
                        "factors: ids must ascend, got %d after %d".formatted(ids[i], ids[i - 1]));
            }
        }
        if (ids.length == 0 || vectors.length == 0 || vectors.length % ids.length != 0) {
            throw new IllegalArgumentException(
                    "factors: needs a vector for each of %d ids, got %d numbers".formatted(ids.length, vectors.length));
        }
        this.ids = ids.clone();
        this.vectors = vectors.clone();
        this.width = vectors.length / ids.length;
    }

    /**
     * An item and its score.
     *
     * @param id the item
     * @param score its score
     */
    public record Scored(long id, float score) {}

    /** {@return the number of ids} */
    public int size() {
        return ids.length;
    }

    /**
     * An id.
     *
     * @param row its row
     * @return the id
     */
    public long id(int row) {
        return ids[row];
    }

    /**
     * The row of an id.
     *
     * @param id the id
     * @return its row; below 0 if it is unknown
     */
    public int row(long id) {
        return Arrays.binarySearch(ids, id);
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
    public List<Scored> best(int row, Factors other, int count) {
        Comparator<Scored> worstFirst =
                Comparator.comparingDouble(Scored::score).thenComparing(Scored::id, Comparator.reverseOrder());
        PriorityQueue<Scored> top = new PriorityQueue<>(count + 1, worstFirst);
        for (int i = 0; i < other.size(); i++) {
            float score = score(row, other, i);
            if (top.size() < count || score > top.peek().score()) {
                top.add(new Scored(other.ids[i], score));
                if (top.size() > count) {
                    top.remove();
                }
            }
        }
        List<Scored> all = new java.util.ArrayList<>(top);
        all.sort(Collections.reverseOrder(worstFirst));
        return all;
    }
}
