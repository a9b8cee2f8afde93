package io.kiln.spark.feed;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Tag("core")
@Timeout(60)
class FeedThreadsTest {
    @Test
    void eachTaskRunsOnceOnAllThreads() {
        Set<Thread> seen = ConcurrentHashMap.newKeySet();
        CyclicBarrier all = new CyclicBarrier(3);
        AtomicIntegerArray runs = new AtomicIntegerArray(300);
        try (FeedThreads threads = new FeedThreads(3)) {
            threads.forEach(300, i -> {
                runs.incrementAndGet(i);
                if (seen.add(Thread.currentThread())) {
                    meet(all);
                }
            });
        }
        for (int i = 0; i < 300; i++) {
            assertEquals(1, runs.get(i));
        }
        assertEquals(3, seen.size());
    }

    private static void meet(CyclicBarrier all) {
        try {
            all.await(30, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void aFailureOnAnyThreadIsThrown() {
        try (FeedThreads threads = new FeedThreads(2)) {
            for (int at : new int[] {0, 7, 99}) {
                String message = assertThrows(
                                IllegalArgumentException.class,
                                () -> threads.forEach(100, i -> {
                                    if (i == at) {
                                        throw new IllegalArgumentException("image " + i);
                                    }
                                }))
                        .getMessage();
                assertEquals("image " + at, message);
            }
        }
    }

    @Test
    void anErrorIsThrownAfterAllTasksHaveEnded() {
        Thread caller = Thread.currentThread();
        CyclicBarrier both = new CyclicBarrier(2);
        AtomicBoolean ended = new AtomicBoolean();
        try (FeedThreads threads = new FeedThreads(2)) {
            String message = assertThrows(
                            OutOfMemoryError.class,
                            () -> threads.forEach(100, i -> {
                                meet(both);
                                if (Thread.currentThread() == caller) {
                                    throw new OutOfMemoryError("image");
                                }
                                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(300));
                                ended.set(true);
                            }))
                    .getMessage();
            assertEquals("image", message);
            assertTrue(ended.get());
        }
    }

    @Test
    void aFailureBesideTheCallerEndsTheOthers() {
        Thread caller = Thread.currentThread();
        CountDownLatch failed = new CountDownLatch(1);
        AtomicInteger runs = new AtomicInteger();
        try (FeedThreads threads = new FeedThreads(2)) {
            assertThrows(
                    StackOverflowError.class,
                    () -> threads.forEach(1000, i -> {
                        if (Thread.currentThread() != caller) {
                            failed.countDown();
                            throw new StackOverflowError();
                        }
                        await(failed);
                        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
                        runs.incrementAndGet();
                    }));
        }
        assertTrue(runs.get() < 1000 - 1, "all others ran");
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await(30, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void anInterruptEndsTheTasksAndIsKept() {
        Thread caller = Thread.currentThread();
        AtomicInteger runs = new AtomicInteger();
        try (FeedThreads threads = new FeedThreads(2)) {
            String message = assertThrows(
                            IllegalStateException.class,
                            () -> threads.forEach(50, i -> {
                                synchronized (runs) {
                                    caller.interrupt();
                                    runs.incrementAndGet();
                                }
                            }))
                    .getMessage();
            assertTrue(Thread.interrupted());
            assertTrue(message.contains("interrupted"), message);
            assertTrue(runs.get() <= 2, "at most one that each thread had begun, got " + runs);
        }
    }
}
