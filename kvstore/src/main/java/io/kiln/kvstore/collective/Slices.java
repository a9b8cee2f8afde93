package io.kiln.kvstore.collective;

import java.util.Arrays;

/**
 * Which rank owns which part of an array: rank r owns the elements in [start(r), start(r) + length(r)). Slices are
 * adjacent, in rank order, and may be empty.
 */
public final class Slices {
    /** From so many ranks on, messages between all pairs cost more than what small arrays carry. */
    public static final int MANY_RANKS = 16;

    private static final int MIN_ELEMENTS = 64;

    private final long[] bounds;

    private Slices(long[] bounds) {
        this.bounds = bounds;
    }

    /**
     * Slices as even as can be: bound r is ⌊count · r / ranks⌋.
     *
     * @param count elements of the array
     * @param ranks owners
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
     * The whole array in the hands of one rank.
     *
     * @param count elements of the array
     * @param ranks owners
     * @param owner the one that owns all
     * @return the slices
     */
    public static Slices whole(long count, int ranks, int owner) {
        long[] b = new long[ranks + 1];
        Arrays.fill(b, owner + 1, ranks + 1, count);
        return new Slices(b);
    }

    /**
     * Even slices where they are worth their messages. Among {@value #MANY_RANKS} ranks and more an array of fewer than
     * {@value #MIN_ELEMENTS} elements for each is whole in the hands of one: that takes a message from and to each rank, even
     * slices take one between all pairs.
     *
     * @param count elements of the array
     * @param ranks owners
     * @param owner who owns a small array
     * @return the slices
     */
    public static Slices forMessages(long count, int ranks, int owner) {
        return ranks >= MANY_RANKS && count / ranks < MIN_ELEMENTS ? whole(count, ranks, owner) : even(count, ranks);
    }

    /**
     * Slices with given bounds.
     *
     * @param bounds first elements of each rank's slice, then the number of elements: 0 ≤ … ≤ count, ranks + 1 numbers
     * @return the slices
     */
    public static Slices of(long... bounds) {
        for (int i = 0; i < bounds.length; i++) {
            if (i == 0 ? bounds[0] != 0 : bounds[i] < bounds[i - 1]) {
                throw new IllegalArgumentException(
                        "slices: bounds must start at 0 and not fall, got " + Arrays.toString(bounds));
            }
        }
        if (bounds.length < 2) {
            throw new IllegalArgumentException("slices: need ranks + 1 bounds, got " + Arrays.toString(bounds));
        }
        return new Slices(bounds.clone());
    }

    /**
     * Number of owners.
     *
     * @return ranks
     */
    public int ranks() {
        return bounds.length - 1;
    }

    /**
     * Elements of the whole array.
     *
     * @return their number
     */
    public long count() {
        return bounds[bounds.length - 1];
    }

    /**
     * First element of a rank's slice.
     *
     * @param rank the owner
     * @return its index in the array
     */
    public long start(int rank) {
        return bounds[rank];
    }

    /**
     * Elements of a rank's slice.
     *
     * @param rank the owner
     * @return their number, maybe 0
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
