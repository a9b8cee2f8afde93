package io.kiln.data;

import java.util.SplittableRandom;
import java.util.function.LongPredicate;
import java.util.stream.LongStream;

/** Says in which order an epoch takes the samples. The same epoch gives the same order, so training can be taken up again. */
@FunctionalInterface
public interface Sampler {
    /**
     * The order of an epoch.
     *
     * @param epoch number of the epoch, from 0
     * @return numbers of samples
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
     * All samples in random order, another one in each epoch.
     *
     * @param size number of samples
     * @param seed decides on the orders
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
     * The samples of this order that a test accepts.
     *
     * @param accepts the test, given the number of a sample
     * @return the sampler
     */
    default Sampler filter(LongPredicate accepts) {
        return epoch -> LongStream.of(order(epoch)).filter(accepts).toArray();
    }
}
