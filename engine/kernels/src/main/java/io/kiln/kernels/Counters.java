package io.kiln.kernels;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/** What a device was asked for. Concurrency: thread-safe. */
public final class Counters {
    private final AtomicLong launches = new AtomicLong();
    private final AtomicLong waits = new AtomicLong();
    private final AtomicLong replays = new AtomicLong();
    private final Map<String, AtomicLong> fallbacks = new ConcurrentHashMap<>();

    Counters() {}

    /**
     * Kernels that were given to queues one by one, those that were captured not counted.
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

    /**
     * How often a thread has waited for a queue.
     *
     * @return the waits so far
     */
    public long waits() {
        return waits.get();
    }

    /**
     * How often captured work was replayed.
     *
     * @return the replays so far
     */
    public long replays() {
        return replays.get();
    }

    /** Counts a replay of captured work. */
    public void countReplay() {
        replays.incrementAndGet();
    }

    /** Counts a wait for a queue. */
    public void countWait() {
        waits.incrementAndGet();
    }

    /** Counts a kernel that was given to a queue. */
    public void countLaunch() {
        launches.incrementAndGet();
    }

    /** Counts a detour and tells whether it is the first of its operator. */
    boolean countFallback(String operator) {
        return fallbacks.computeIfAbsent(operator, o -> new AtomicLong()).incrementAndGet() == 1;
    }
}
