package io.kiln.data;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;

/** Cuts orders into batches. */
record Batching(Sampler sampler, int batchSize, BatchSampler.Last last) {
    List<long[]> batches(long epoch) {
        long[] order = sampler.order(epoch);
        if (last == BatchSampler.Last.ROLLOVER) {
            order = LongStream.concat(LongStream.of(rest(epoch)), LongStream.of(order))
                    .toArray();
        }
        List<long[]> batches = new ArrayList<>();
        for (int at = 0; at < order.length; at += batchSize) {
            int end = Math.min(at + batchSize, order.length);
            if (end - at == batchSize || last == BatchSampler.Last.KEEP) {
                batches.add(Arrays.copyOfRange(order, at, end));
            }
        }
        return batches;
    }

    /**
     * The samples left over from earlier epochs, computed from their orders, so that epochs may be requested in any
     * order.
     */
    private long[] rest(long epoch) {
        long[] rest = {};
        for (long e = 0; e < epoch; e++) {
            long[] order = sampler.order(e);
            long[] all =
                    LongStream.concat(LongStream.of(rest), LongStream.of(order)).toArray();
            rest = Arrays.copyOfRange(all, all.length - all.length % batchSize, all.length);
        }
        return rest;
    }
}
