package io.kiln.data;

import java.util.List;

/** Determines which samples of an epoch form a batch. The same epoch gives the same batches. */
@FunctionalInterface
public interface BatchSampler {
    /** What happens to samples that do not fill the last batch of an epoch. */
    enum Last {
        /** They form a smaller batch. */
        KEEP,
        /** They are dropped. */
        DISCARD,
        /** They begin the next epoch. */
        ROLLOVER
    }

    /**
     * The batches of an epoch.
     *
     * @param epoch number of the epoch, from 0
     * @return indices of samples, batch by batch
     */
    List<long[]> batches(long epoch);

    /**
     * Groups consecutive samples of an order into batches.
     *
     * @param sampler the order
     * @param batchSize samples of a batch, at least 1
     * @param last what happens to the remainder
     * @return the sampler
     */
    static BatchSampler of(Sampler sampler, int batchSize, Last last) {
        if (batchSize < 1) {
            throw new IllegalArgumentException("batchSampler: batchSize must be >= 1, got " + batchSize);
        }
        return epoch -> new Batching(sampler, batchSize, last).batches(epoch);
    }
}
