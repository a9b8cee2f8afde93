package io.kiln.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import java.util.Map;
import java.util.TreeMap;

/** A system that gives memory out in segments, below 0 as devices do, with room between them. Concurrency: thread-safe. */
final class Segments {
    private static final long GAP = 4096;

    private final TreeMap<Long, Long> given = new TreeMap<>();
    private long next = Long.MIN_VALUE + GAP;
    private long refusals;
    private long asked;

    /** An allocator that splits these. */
    Allocator allocator(long budget) {
        return Allocator.splitting(this::allocate, this::free, budget, () -> "lower the batch", null);
    }

    synchronized long allocate(long bytes) {
        assertEquals(0, bytes % 512);
        asked++;
        if (refusals > 0) {
            refusals--;
            return 0;
        }
        long address = next;
        next += bytes + GAP;
        given.put(address, bytes);
        return address;
    }

    synchronized void free(long address) {
        assertNotNull(given.remove(address), "freed twice or never allocated");
    }

    /** Refuses so many requests from now on. */
    synchronized void refuse(long requests) {
        refusals = requests;
    }

    /** How often it was asked for memory. */
    synchronized long asked() {
        return asked;
    }

    synchronized long bytes() {
        return given.values().stream().mapToLong(Long::longValue).sum();
    }

    /** Whether a block lies within one segment. */
    synchronized boolean contains(long address, long bytes) {
        Map.Entry<Long, Long> segment = given.floorEntry(address);
        return segment != null && address + bytes <= segment.getKey() + segment.getValue();
    }
}
