package io.kiln.kvstore.collective;

import java.util.Arrays;

/**
 * Which rank owns which part of an array: rank r owns the elements in [start(r), start(r) + length(r)). Slices are
 * adjacent, in rank order, and may be empty.
 */
public final class Slices {
    /** From this number of ranks on, messages between all pairs cost more than the content of small arrays. */
    public static final int MANY_RANKS = 16;

    private static final int MIN_ELEMENTS = 64;

    private final long[] bounds;

    private Slices(long[] bounds) {
        this.bounds = bounds;
    }

    /**
     * Divides an array as evenly as possible: bound r is ⌊count · r / ranks⌋.
     *
     * @param count elements of the array
     * @param ranks number of owners
     * @return the slices
     */
    public static Slices even(long count, int ranks) {
        long[] b = new long[ranks + 1];
        for (int r = 1; r <= ranks; r++) {
            b[r] = count / ranks * r + count % ranks * r / ranks;
        }
        return new Slices(b);
    }

    /**
     * Gives the whole array to one rank.
     *
     * @param count elements of the array
     * @param ranks number of owners
     * @param owner the rank that owns all
     * @return the slices
     */
    public static Slices whole(long count, int ranks, int owner) {
        long[] b = new long[ranks + 1];
        Arrays.fill(b, owner + 1, ranks + 1, count);
        return new Slices(b);
    }

    /**
     * Divides an array evenly if that is worth the messages. With {@value #MANY_RANKS} ranks or more, an array of fewer
     * than {@value #MIN_ELEMENTS} elements per rank goes to one rank as a whole: this takes one message from and to
     * each rank, while even slices take one between each pair.
     *
     * @param count elements of the array
     * @param ranks number of owners
     * @param owner the rank that owns a small array
     * @return the slices
     */
    public static Slices forMessages(long count, int ranks, int owner) {
        return ranks >= MANY_RANKS && count / ranks < MIN_ELEMENTS ? whole(count, ranks, owner) : even(count, ranks);
    }

    /**
     * Divides an array at the given bounds.
     *
     * @param bounds the first element of each rank's slice, then the number of elements: 0 ≤ … ≤ count, ranks + 1
     *     numbers
     * @return the slices
     */
    public static Slices of(long... bounds) {
        for (int i = 0; i < bounds.length; i++) {
            if (i == 0 ? bounds[0] != 0 : bounds[i] < bounds[i - 1]) {
                throw new IllegalArgumentException(
                        "slices: bounds must start at 0 and not decrease, got " + Arrays.toString(bounds));
            }
        }
        if (bounds.length < 2) {
            throw new IllegalArgumentException("slices: need ranks + 1 bounds, got " + Arrays.toString(bounds));
        }
        return new Slices(bounds.clone());
    }

    /**
     * The number of owners.
     *
     * @return the number of ranks
     */
    public int ranks() {
        return bounds.length - 1;
    }

    /**
     * The number of elements of the whole array.
     *
     * @return the number of elements
     */
    public long count() {
        return bounds[bounds.length - 1];
    }

    /**
     * The first element of a rank's slice.
     *
     * @param rank the owner
     * @return its index in the array
     */
    public long start(int rank) {
        return bounds[rank];
    }

    /**
     * The number of elements of a rank's slice.
     *
     * @param rank the owner
     * @return the number, possibly 0
     */
    public long length(int rank) {
        return bounds[rank + 1] - bounds[rank];
    }

    @Override
    public boolean equals(Object o) {
        return o instanceof Slices s && Arrays.equals(bounds, s.bounds);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(bounds);
    }

    @Override
    public String toString() {
        return Arrays.toString(bounds);
    }
}
