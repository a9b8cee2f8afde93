package io.kiln.data;

import java.util.List;

/** Says which samples an epoch takes together. The same epoch gives the same batches. */
@FunctionalInterface
public interface BatchSampler {
    /** What becomes of the samples that do not fill the last batch of an epoch. */
    enum Last {
        /** They are a smaller batch. */
        KEEP,
        /** They are left out. */
        DISCARD,
        /** They begin the next epoch. */
        ROLLOVER
    }

    /**
     * The batches of an epoch.
     *
     * @param epoch number of the epoch, from 0
     * @return numbers of samples, batch by batch
     */
    List<long[]> batches(long epoch);

    /**
     * Batches of neighbours in an order.
     *
     * @param sampler the order
     * @param batchSize samples of a batch, at least 1
     * @param last what becomes of the rest
     * @return the sampler
     */
    static BatchSampler of(Sampler sampler, int batchSize, Last last) {
        if (batchSize < 1) {
            throw new IllegalArgumentException("batchSampler: batchSize must be >= 1, got " + batchSize);
        }
        return epoch -> new Batching(sampler, batchSize, last).batches(epoch);
    }
}
