package io.kiln.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.cpu.natives.Natives;
import java.util.Collections;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ParallelTest {

    static Stream<Parallel> runners() {
        return Stream.of(
                SerialParallel.INSTANCE,
                new JavaParallel(3),
                new OmpParallel(Natives.get().openMp(), 3));
    }

    @ParameterizedTest
    @MethodSource("runners")
    void runsEachPartOnce(Parallel parallel) {
        for (int parts : new int[] {0, 1, 2, 3, 4, 17}) {
            AtomicIntegerArray runs = new AtomicIntegerArray(20);
            parallel.run(parts, runs::incrementAndGet);
            for (int i = 0; i < 20; i++) {
                assertEquals(i < parts ? 1 : 0, runs.get(i));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("runners")
    void throwsThePartsFailureAndGoesOnWorking(Parallel parallel) {
        RuntimeException thrown = assertThrows(
                IllegalStateException.class,
                () -> parallel.run(3, part -> {
                    if (part == 2) {
                        throw new IllegalStateException("part 2");
                    }
                }));
        assertEquals("part 2", thrown.getMessage());
        AtomicIntegerArray runs = new AtomicIntegerArray(3);
        parallel.run(3, runs::incrementAndGet);
        assertEquals("[1, 1, 1]", runs.toString());
    }

    @ParameterizedTest
    @MethodSource("runners")
    void runsPartsWithinPartsOnTheSameThread(Parallel parallel) {
        parallel.run(3, outer -> {
            Thread thread = Thread.currentThread();
            parallel.run(2, inner -> assertSame(thread, Thread.currentThread()));
        });
    }

    @ParameterizedTest
    @MethodSource("runners")
    void splitsRangesWithoutGapsOrOverlap(Parallel parallel) {
        for (long size : new long[] {0, 1, 2, 7, 1000}) {
            AtomicIntegerArray seen = new AtomicIntegerArray(1000);
            parallel.forRange(size, 3, (from, to) -> {
                for (long i = from; i < to; i++) {
                    seen.incrementAndGet((int) i);
                }
            });
            int[] expected = new int[1000];
            java.util.Arrays.fill(expected, 0, (int) size, 1);
            int[] got = new int[1000];
            java.util.Arrays.setAll(got, seen::get);
            assertArrayEquals(expected, got);
        }
    }

    @Test
    void usesSeveralThreadsAndLeavesNoneWhenTheEngineThreadEnds() throws InterruptedException {
        Set<Thread> used = Collections.synchronizedSet(new HashSet<>());
        Thread engine = new Thread(() -> {
            EngineThreads.set(2);
            EngineThreads.parallel().run(2, part -> used.add(Thread.currentThread()));
        });
        engine.start();
        engine.join(60_000);
        assertEquals(2, used.size());
        for (Thread thread : used) {
            thread.join(60_000);
            assertTrue(!thread.isAlive(), thread::toString);
        }
    }

    @Test
    void refusesLessThanOneThread() {
        assertThrows(IllegalArgumentException.class, () -> EngineThreads.set(0));
    }
}
