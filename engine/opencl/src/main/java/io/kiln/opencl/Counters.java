package io.kiln.opencl;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/** What a device was asked for. Concurrency: thread-safe. */
public final class Counters {
    final AtomicLong launches = new AtomicLong();
    private final Map<String, AtomicLong> fallbacks = new ConcurrentHashMap<>();

    Counters() {}

    /**
     * Kernels that were given to queues.
     *
     * @return how many so far
     */
    public long launches() {
        return launches.get();
    }

    /**
     * Operators that have gone through the CPU, as the device has no kernel for them.
     *
     * @return how often each so far
     */
    public Map<String, Long> fallbacks() {
        Map<String, Long> counts = new TreeMap<>();
        fallbacks.forEach((name, count) -> counts.put(name, count.get()));
        return counts;
    }

    /** Counts a detour and tells whether it is the first of its operator. */
    boolean countFallback(String operator) {
        return fallbacks.computeIfAbsent(operator, o -> new AtomicLong()).incrementAndGet() == 1;
    }
}
