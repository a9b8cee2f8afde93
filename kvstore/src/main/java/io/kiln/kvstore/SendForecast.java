package io.kiln.kvstore;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;

/**
 * Says of a step that is yet to run which gradients complete what a {@link GradientExchange} then sends: those after
 * which a device that is given many kernels in one call should be given no more, so that the exchange can begin. As each
 * of these calls costs time, it names at most {@value #MOST} gradients, about as many bytes apart.
 *
 * <p>Made by {@link GradientExchange#forecast} for each step. Concurrency: one thread.
 */
public final class SendForecast {
    private static final int MOST = 8;

    private final Map<String, Integer> bucketOf = new HashMap<>();
    private final List<ExchangeBucket> buckets;
    private final int[] missing;
    private final long total;
    private int full;
    private long bytes;

    /**
     * A step that has not begun.
     *
     * @param name the name of each parameter by number
     * @param buckets all buckets, in the order in which they are sent; empty if nothing is sent
     */
    SendForecast(IntFunction<String> name, List<ExchangeBucket> buckets) {
        for (int b = 0; b < buckets.size(); b++) {
            for (BucketLayout.Slot s : buckets.get(b).layout().slots()) {
                bucketOf.put(name.apply(s.parameter()), b);
            }
        }
        this.buckets = buckets;
        this.missing = buckets.stream().mapToInt(b -> b.layout().slots().size()).toArray();
        this.total = buckets.stream().mapToLong(SendForecast::bytes).sum();
    }

    private static long bytes(ExchangeBucket b) {
        return b.layout().size() * b.layout().dtype().bytes();
    }

    /**
     * Whether enough is complete with a gradient for the exchange to begin with it while others are computed.
     *
     * @param parameter its parameter; asked once for each, in the order of the gradients
     * @return true to report the gradients so far at once
     */
    public boolean isWorthSending(String parameter) {
        Integer bucket = bucketOf.get(parameter);
        if (bucket == null || missing.length == 0) {
            return false;
        }
        missing[bucket]--;
        while (full < missing.length && missing[full] == 0) {
            bytes += bytes(buckets.get(full++));
        }
        if (full == missing.length || bytes == 0 || bytes < total / MOST) {
            return false;
        }
        bytes = 0;
        return true;
    }
}
