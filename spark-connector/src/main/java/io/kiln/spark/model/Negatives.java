package io.kiln.spark.model;

import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Draws items that a user has not been seen with, which training takes for ones that the user does not like: uniformly,
 * as in X. He et al., Neural collaborative filtering, WWW 2017.
 */
public final class Negatives {
    private static final long MIX = 0x9E3779B97F4A7C15L;

    private Negatives() {}

    /**
     * Draws items for the pairs of a user.
     *
     * @param seed the seed of the training
     * @param user row of the user, with which seed and order of the draws change
     * @param items number of all items
     * @param count items to draw for each pair
     * @param seen rows of the items of the pairs
     * @return for each pair its items, which are none if the user has been seen with all of them
     */
    public static int[][] draw(long seed, int user, int items, int count, int... seen) {
        int[] sorted = Arrays.stream(seen).sorted().distinct().toArray();
        int free = items - sorted.length;
        SplittableRandom random = new SplittableRandom(seed + MIX * (user + 1));
        int[][] drawn = new int[seen.length][free == 0 ? 0 : count];
        for (int[] of : drawn) {
            for (int i = 0; i < of.length; i++) {
                of[i] = unseen(random.nextInt(free), sorted);
            }
        }
        return drawn;
    }

    /** The n-th item that is not among others, in ascending order. */
    private static int unseen(int n, int... others) {
        int low = 0;
        int high = others.length;
        while (low < high) { // others[k] - k unseen items are below others[k]
            int middle = (low + high) >>> 1;
            if (others[middle] - middle <= n) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return n + low;
    }
}
