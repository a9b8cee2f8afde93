package io.kiln.spark.feed;

import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/**
 * The random numbers with which the training images of an epoch are transformed. They depend on the seed, the epoch and the row's
 * position among the rows of all workers, never on their number.
 *
 * @param seed the fit's seed
 * @param epoch the epoch, from 0
 * @param firstRow the position of the worker's first row
 */
public record Draws(long seed, int epoch, long firstRow) {
    RandomGenerator of(int row) {
        return new SplittableRandom(new SplitMix(seed, epoch, firstRow + row).next());
    }
}
