package io.kiln.data.text;

import io.kiln.data.BatchSampler;
import io.kiln.data.Sampler;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Batches of sequences of similar lengths, to reduce padding: each sequence goes into the first bucket that is long
 * enough, and batches are formed within a bucket, in random order.
 */
public final class LengthBuckets implements BatchSampler {
    private final List<long[]> buckets = new ArrayList<>();
    private final int batchSize;
    private final long seed;

    /**
     * Creates a sampler.
     *
     * @param lengths the length of each sequence
     * @param bounds the longest sequence of each bucket, ascending; longer ones go into an additional last bucket
     * @param batchSize samples of a batch, at least 1
     * @param seed seed of the orders
     */
    public LengthBuckets(int[] lengths, int[] bounds, int batchSize, long seed) {
        for (int i = 1; i < bounds.length; i++) {
            if (bounds[i] <= bounds[i - 1]) {
                throw new IllegalArgumentException("lengthBuckets: bounds must ascend, got " + Arrays.toString(bounds));
            }
        }
        if (batchSize < 1) {
            throw new IllegalArgumentException("lengthBuckets: batchSize must be >= 1, got " + batchSize);
        }
        this.batchSize = batchSize;
        this.seed = seed;
        List<List<Long>> members = new ArrayList<>();
        for (int i = 0; i <= bounds.length; i++) {
            members.add(new ArrayList<>());
        }
        for (int i = 0; i < lengths.length; i++) {
            int bucket = Arrays.binarySearch(bounds, lengths[i]);
            members.get(bucket < 0 ? -bucket - 1 : bucket).add((long) i);
        }
        members.forEach(m -> buckets.add(m.stream().mapToLong(Long::longValue).toArray()));
    }

    @Override
    public List<long[]> batches(long epoch) {
        List<long[]> batches = new ArrayList<>();
        for (int b = 0; b < buckets.size(); b++) {
            long[] bucket = buckets.get(b);
            long[] order = Sampler.random(bucket.length, seed + b).order(epoch);
            for (int at = 0; at < order.length; at += batchSize) {
                int end = Math.min(order.length, at + batchSize);
                batches.add(
                        Arrays.stream(order, at, end).map(i -> bucket[(int) i]).toArray());
            }
        }
        List<long[]> shuffled = new ArrayList<>();
        for (long i : Sampler.random(batches.size(), seed).order(epoch)) {
            shuffled.add(batches.get((int) i));
        }
        return shuffled;
    }
}
