package io.kiln.spark.model;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Draws items that a user has not been seen with, which training takes for ones that the user does not like: uniformly,
 * as in X. He et al., Neural collaborative filtering, WWW 2017.
 */
public final class Negatives {
    private Negatives() {}

    /**
     * Draws items for the pairs of a user. Training must not be told which pairs are held for validation: for its pairs an
     * item is free that the user has been seen with in held pairs only.
     *
     * @param seed the seed of the training
     * @param user row of the user, with which seed and order of the draws change
     * @param items number of all items
     * @param count items to draw for each pair
     * @param held which of the pairs are held for validation
     * @param seen rows of the items of the pairs
     * @return for each pair its items, which are none if no item is free
     */
    public static int[][] draw(long seed, int user, int items, int count, boolean[] held, int... seen) {
        int[] all = Arrays.stream(seen).sorted().distinct().toArray();
        int[] trained = IntStream.range(0, seen.length)
                .filter(i -> !held[i])
                .map(i -> seen[i])
                .sorted()
                .distinct()
                .toArray();
        SplittableRandom forTraining = random(seed, 2L * user);
        SplittableRandom forHeld = random(seed, 2L * user + 1);
        int[][] drawn = new int[seen.length][];
        for (int i = 0; i < seen.length; i++) {
            drawn[i] = held[i] ? draw(forHeld, items, count, all) : draw(forTraining, items, count, trained);
        }
        return drawn;
    }

    private static int[] draw(SplittableRandom random, int items, int count, int... others) {
        int free = items - others.length;
        int[] drawn = new int[free == 0 ? 0 : count];
        for (int i = 0; i < drawn.length; i++) {
            drawn[i] = unseen(random.nextInt(free), others);
        }
        return drawn;
    }

    /** A generator of its own for each stream: seeds that differ by its increment would give one sequence, shifted. */
    private static SplittableRandom random(long seed, long stream) {
        return new SplittableRandom(mix(seed ^ mix(stream)));
    }

    private static long mix(long value) {
        return new SplittableRandom(value).nextLong();
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
