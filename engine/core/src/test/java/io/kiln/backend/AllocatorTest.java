package io.kiln.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class AllocatorTest {
    private final Set<Long> system = new HashSet<>();
    private final AtomicLong next = new AtomicLong(64);

    private Allocator allocator(long budget) {
        return new Allocator(
                bytes -> {
                    assertEquals(0, bytes % 64);
                    long address = next.getAndAdd(bytes);
                    synchronized (system) {
                        system.add(address);
                    }
                    return address;
                },
                address -> {
                    synchronized (system) {
                        assertTrue(system.remove(address), "freed twice or never allocated");
                    }
                },
                budget,
                "raise the budget");
    }

    @Test
    void aFreedBlockServesTheNextRequestOfItsSize() {
        Allocator a = allocator(1 << 20);
        Storage first = a.allocate(null, 1000);
        long address = first.address();
        first.release();
        assertEquals(address, a.allocate(null, 1010).address());
        assertEquals(1, system.size());
    }

    @Test
    void liveBytesReturnToZeroAndTrimGivesTheRestBack() {
        Allocator a = allocator(1 << 20);
        List<Storage> blocks = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            blocks.add(a.allocate(null, i * 37L));
        }
        assertTrue(a.liveBytes() >= 99 * 100 / 2 * 37);
        blocks.forEach(Storage::release);
        assertEquals(0, a.liveBytes());
        assertTrue(a.heldBytes() > 0);
        a.trim();
        assertEquals(0, a.heldBytes());
        assertTrue(system.isEmpty());
    }

    @Test
    void theBlockLivesUntilItsLastReferenceIsReleased() {
        Allocator a = allocator(1 << 20);
        Storage s = a.allocate(null, 100);
        s.retain();
        s.release();
        assertNotEquals(0, a.liveBytes());
        s.release();
        assertEquals(0, a.liveBytes());
        assertThrows(IllegalStateException.class, s::release);
        assertThrows(IllegalStateException.class, s::retain);
    }

    @Test
    void keptBlocksMakeWayForARequestThatNeedsTheirRoom() {
        Allocator a = allocator(10_000);
        a.allocate(null, 6000).release();
        Storage s = a.allocate(null, 9000);
        assertTrue(s.address() != 0 && a.heldBytes() <= 10_000);
    }

    @Test
    void overTheBudgetTheErrorSaysWhatWasAskedWhatIsHeldAndTheRemedy() {
        Allocator a = allocator(10_000);
        Storage held = a.allocate(null, 8000);
        OutOfDeviceMemoryException e = assertThrows(OutOfDeviceMemoryException.class, () -> a.allocate(null, 4000));
        assertTrue(e.getMessage().contains("asked for 4000 bytes"), e.getMessage());
        assertTrue(e.getMessage().contains(a.liveBytes() + " bytes are held"), e.getMessage());
        assertTrue(e.getMessage().contains("raise the budget"), e.getMessage());
        held.release();
        assertTrue(a.allocate(null, 4000).bytes() == 4000);
    }

    @Test
    void aRefusalOfTheSystemIsAnErrorToo() {
        Allocator a = new Allocator(bytes -> 0, address -> {}, 1 << 20, "buy memory");
        assertThrows(OutOfDeviceMemoryException.class, () -> a.allocate(null, 100));
        assertEquals(0, a.heldBytes());
    }

    @Test
    void threadsNeverGetTheSameBlock() throws Exception {
        Allocator a = allocator(1 << 30);
        Set<Long> inUse = new HashSet<>();
        ExecutorService pool = Executors.newFixedThreadPool(4);
        try {
            List<Future<?>> done = new ArrayList<>();
            for (int t = 0; t < 4; t++) {
                done.add(pool.submit(() -> {
                    for (int i = 0; i < 5000; i++) {
                        Storage s = a.allocate(null, 64 + i % 7 * 64);
                        synchronized (inUse) {
                            assertTrue(inUse.add(s.address()));
                        }
                        synchronized (inUse) {
                            inUse.remove(s.address());
                        }
                        s.release();
                    }
                }));
            }
            for (Future<?> f : done) {
                f.get(60, TimeUnit.SECONDS);
            }
        } finally {
            pool.shutdownNow();
        }
        assertEquals(0, a.liveBytes());
    }

    @Test
    void thePeakIsRememberedUntilReset() {
        Allocator a = allocator(1 << 20);
        a.allocate(null, 64_000).release();
        assertTrue(a.peakBytes() >= 64_000);
        a.resetPeak();
        assertEquals(0, a.peakBytes());
    }
}
