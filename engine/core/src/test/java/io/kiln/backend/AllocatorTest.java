package io.kiln.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
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
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongUnaryOperator;
import org.junit.jupiter.api.Test;

class AllocatorTest {
    private final Set<Long> system = new HashSet<>();
    private final AtomicLong next = new AtomicLong(64);

    private Allocator allocator(long budget) {
        return new Allocator(
                Allocator.Order.INLINE,
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
        Allocator a = new Allocator(Allocator.Order.INLINE, bytes -> 0, address -> {}, 1 << 20, "buy memory");
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

    private static Allocator queued(Allocator.Order order) {
        AtomicLong next = new AtomicLong(64);
        return new Allocator(order, next::getAndAdd, address -> {}, 1 << 20, "raise the budget");
    }

    @Test
    void aFreedBlockServesItsQueueAtOnceAndAnotherOneAfterItsLastUse() {
        Allocator a = queued(Allocator.Order.QUEUED);
        NotedQueue one = new NotedQueue();
        NotedQueue two = new NotedQueue();
        Storage first = a.allocate(null, one, 100);
        first.release();
        Storage again = a.allocate(null, one, 100);
        assertEquals(first.address(), again.address());
        assertEquals(List.of(), one.awaited);
        again.release();
        Storage elsewhere = a.allocate(null, two, 100);
        assertEquals(first.address(), elsewhere.address());
        assertEquals(List.of(one.recorded.get(1)), two.awaited);
    }

    @Test
    void aBlockIsKeptThatAQueueCannotWaitFor() {
        Allocator a = queued(Allocator.Order.QUEUED);
        NotedQueue one = new NotedQueue();
        NotedQueue two = new NotedQueue();
        Storage first = a.allocate(null, one, 100);
        first.release();
        two.refuses = true;
        assertThrows(IllegalStateException.class, () -> a.allocate(null, two, 100));
        assertEquals(first.address(), a.allocate(null, one, 100).address());
    }

    @Test
    void anErrorOfTheSystemHoldsNothing() {
        LongUnaryOperator broken = bytes -> {
            throw new IllegalStateException("gpu(0)");
        };
        Allocator a = new Allocator(Allocator.Order.INLINE, broken, address -> {}, 1 << 20, "buy memory");
        assertThrows(IllegalStateException.class, () -> a.allocate(null, 100));
        assertEquals(0, a.heldBytes());
    }

    @Test
    void aBlockThatAnotherQueueUsesIsFreedAfterThatUse() {
        Allocator a = queued(Allocator.Order.QUEUED);
        NotedQueue home = new NotedQueue();
        NotedQueue other = new NotedQueue();
        Storage block = a.allocate(null, home, 100);
        block.usedOn(home);
        assertEquals(List.of(), home.awaited);
        block.usedOn(other);
        assertEquals(other.recorded, home.awaited);
    }

    @Test
    void memoryOfTheHostIsHandedOutOnlyWhenTheDeviceHasDoneWithIt() {
        Allocator a = queued(Allocator.Order.HOST);
        NotedQueue queue = new NotedQueue();
        Storage first = a.allocate(null, queue, 100);
        first.release();
        assertNotEquals(first.address(), a.allocate(null, queue, 100).address());
        queue.idle = true;
        assertEquals(first.address(), a.allocate(null, queue, 100).address());
        assertEquals(List.of(), queue.awaited);
    }

    @Test
    void memoryOfTheHostThatWasFreedFirstIsHandedOutFirst() {
        Allocator a = queued(Allocator.Order.HOST);
        NotedQueue done = new NotedQueue();
        NotedQueue busy = new NotedQueue();
        Storage[] blocks = {a.allocate(null, done, 100), a.allocate(null, done, 100), a.allocate(null, busy, 100)};
        for (Storage block : blocks) {
            block.release();
        }
        done.idle = true;
        assertEquals(blocks[0].address(), a.allocate(null, busy, 100).address());
        assertEquals(blocks[1].address(), a.allocate(null, busy, 100).address());
        assertNotEquals(blocks[2].address(), a.allocate(null, busy, 100).address());
        assertEquals(4 * 128, a.heldBytes());
    }

    @Test
    void trimmingWaitsForTheLastUse() {
        Allocator a = queued(Allocator.Order.QUEUED);
        NotedQueue queue = new NotedQueue();
        a.allocate(null, queue, 100).release();
        a.trim();
        assertEquals(queue.recorded, queue.awaited);
        assertEquals(0, a.heldBytes());
    }

    @Test
    void whileTrimmingWaitsOthersFreeAndGetBlocksOfTheSameSize() {
        Allocator a = queued(Allocator.Order.QUEUED);
        NotedQueue other = new NotedQueue();
        Storage used = a.allocate(null, other, 100);
        AtomicBoolean blocked = new AtomicBoolean();
        NotedQueue queue = new NotedQueue() {
            @Override
            void ending() {
                Thread user = new Thread(() -> {
                    used.release();
                    a.allocate(null, other, 100);
                });
                user.setDaemon(true);
                user.start();
                try {
                    user.join(10_000);
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
                blocked.set(user.isAlive());
            }
        };
        a.allocate(null, queue, 100).release();
        a.trim();
        assertFalse(blocked.get(), "a lock is held");
        assertEquals(128, a.heldBytes());
    }

    @Test
    void trimmingGivesBackWhatFailedWorkUsedButNotWhatIsStillInUse() {
        Allocator a = queued(Allocator.Order.QUEUED);
        NotedQueue queue = new NotedQueue();
        queue.fails = true;
        queue.ends = false;
        a.allocate(null, queue, 100).release();
        assertThrows(IllegalStateException.class, a::trim);
        assertEquals(128, a.heldBytes());
        queue.ends = true;
        a.trim();
        assertEquals(0, a.heldBytes());
    }
}
