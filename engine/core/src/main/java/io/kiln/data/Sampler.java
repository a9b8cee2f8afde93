package io.kiln.data;

import java.util.SplittableRandom;
import java.util.function.LongPredicate;
import java.util.stream.LongStream;

/** Determines the order of the samples in an epoch. The same epoch gives the same order, so training can be resumed. */
@FunctionalInterface
public interface Sampler {
    /**
     * The order of an epoch.
     *
     * @param epoch number of the epoch, from 0
     * @return indices of samples
     */
    long[] order(long epoch);

    /**
     * All samples from the first to the last.
     *
     * @param size number of samples
     * @return the sampler
     */
    static Sampler sequential(long size) {
        return epoch -> LongStream.range(0, size).toArray();
    }

    /**
     * All samples in random order, a different one in each epoch.
     *
     * @param size number of samples
     * @param seed seed of the orders
     * @return the sampler
     */
    static Sampler random(long size, long seed) {
        return epoch -> {
            long[] order = LongStream.range(0, size).toArray();
            SplittableRandom random = new SplittableRandom(Seeds.mix(seed, epoch));
            for (int i = order.length - 1; i > 0; i--) {
                int k = random.nextInt(i + 1);
                long swap = order[i];
                order[i] = order[k];
                order[k] = swap;
            }
            return order;
        };
    }

    /**
     * The samples of this order that a predicate accepts.
     *
     * @param accepts the predicate, given the index of a sample
     * @return the sampler
     */
    default Sampler filter(LongPredicate accepts) {
        return epoch -> LongStream.of(order(epoch)).filter(accepts).toArray();
    }
}
