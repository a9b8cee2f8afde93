package io.kiln.fake;

import io.kiln.ndarray.internal.Memory;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Memory with two names: what the device calls a block is below 0, where {@link Memory} refuses to read and write; where the block
 * really lies only the device knows.
 */
final class FakeMemory {
    /** NaN in each floating type, and a number far outside of any range in each integer type. */
    private static final long POISON = 0x7FF47FF47FF47FF4L;

    private static final int ALIGNMENT = 64;

    private final Map<Long, Block> blocks = new ConcurrentHashMap<>();
    private final AtomicLong next;
    private final AtomicLong held = new AtomicLong();
    private final Faults faults;

    private record Block(long given, long address, long bytes) {}

    FakeMemory(int index, Faults faults) {
        this.faults = faults;
        next = new AtomicLong(Long.MIN_VALUE + ((long) index << 56));
    }

    /** A block's name, or 0 when it is refused. */
    long allocate(long bytes) {
        if (faults.refuses(held.addAndGet(bytes))) {
            held.addAndGet(-bytes);
            return 0;
        }
        long given = Memory.allocate(bytes + ALIGNMENT);
        long name = next.getAndAdd(bytes + ALIGNMENT);
        blocks.put(name, new Block(given, (given + ALIGNMENT - 1) & -ALIGNMENT, bytes));
        return name;
    }

    void free(long name) {
        Block block = blocks.remove(name);
        held.addAndGet(-block.bytes());
        poison(block.address(), block.bytes());
        Memory.free(block.given());
    }

    /** Where a block really lies. */
    long reveal(long name) {
        Block block = blocks.get(name);
        if (block == null) {
            throw new IllegalStateException("fake memory: " + Long.toHexString(name) + " is no block, or was freed");
        }
        return block.address();
    }

    /** Overwrites a block of a multiple of 8 bytes. */
    static void poison(long address, long bytes) {
        for (long at = 0; at < bytes; at += Long.BYTES) {
            Memory.putLong(address + at, POISON);
        }
    }
}
