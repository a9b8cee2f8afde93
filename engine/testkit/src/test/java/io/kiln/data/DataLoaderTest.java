package io.kiln.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.backend.Backends;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** Datasets, samplers and the loader. */
class DataLoaderTest {
    private static final Dataset<Labeled<float[]>> NUMBERS = Dataset.of(LongStream.range(0, 10)
            .mapToObj(i -> new Labeled<>(new float[] {i, 10 * i}, i))
            .toList());

    private static List<String> epoch(DataLoader<Labeled<float[]>> loader, long epoch) {
        List<String> batches = new ArrayList<>();
        try (DataLoader<Labeled<float[]>>.Epoch e = loader.epoch(epoch)) {
            while (e.hasNext()) {
                try (Scope scope = Scope.open()) {
                    batches.add(Arrays.toString(e.next()[0].toFloatArray()));
                }
            }
        }
        return batches;
    }

    private static DataLoader.Builder<Labeled<float[]>> loader() {
        return DataLoader.builder(NUMBERS, Collate.rows()).batchSize(4);
    }

    @Test
    void datasetsAreFilteredShardedTakenSampledAndTransformedWithoutCopies() {
        Dataset<Long> d = NUMBERS.transform(s -> (long) s.label());
        assertEquals(List.of(0L, 3L, 6L, 9L), all(d.shard(3, 0)));
        assertEquals(List.of(2L, 5L, 8L), all(d.shard(3, 2)));
        assertEquals(List.of(0L, 1L), all(d.take(2)));
        assertEquals(10, d.take(99).size());
        assertEquals(List.of(7L, 7L, 1L), all(d.sample(7, 7, 1)));
        assertEquals(List.of(8L, 9L), all(d.filter(i -> i > 7)));
        assertThrows(IndexOutOfBoundsException.class, () -> d.take(2).get(2));
        assertThrows(IndexOutOfBoundsException.class, () -> d.sample(10));
        assertThrows(IllegalArgumentException.class, () -> d.shard(3, 3));
    }

    private static List<Long> all(Dataset<Long> d) {
        return LongStream.range(0, d.size()).mapToObj(d::get).toList();
    }

    @Test
    void randomOrderIsAPermutationThatFollowsFromSeedAndEpoch() {
        long[] first = Sampler.random(100, 5).order(0);
        assertArrayEquals(first, Sampler.random(100, 5).order(0));
        assertNotEquals(
                Arrays.toString(first), Arrays.toString(Sampler.random(100, 5).order(1)));
        assertNotEquals(
                Arrays.toString(first), Arrays.toString(Sampler.random(100, 6).order(0)));
        assertArrayEquals(
                LongStream.range(0, 100).toArray(),
                LongStream.of(first).sorted().toArray());
        assertArrayEquals(
                new long[] {0, 2, 4},
                Sampler.sequential(6).filter(i -> i % 2 == 0).order(3));
    }

    @Test
    void restOfAnEpochIsKeptDiscardedOrBeginsTheNext() {
        Sampler s = Sampler.sequential(5);
        assertEquals(
                List.of(2, 2, 1),
                sizes(BatchSampler.of(s, 2, BatchSampler.Last.KEEP).batches(0)));
        assertEquals(
                List.of(2, 2),
                sizes(BatchSampler.of(s, 2, BatchSampler.Last.DISCARD).batches(0)));
        BatchSampler rollover = BatchSampler.of(s, 2, BatchSampler.Last.ROLLOVER);
        assertEquals(List.of(2, 2), sizes(rollover.batches(0)));
        assertEquals(List.of(2, 2, 2), sizes(rollover.batches(1)));
        assertArrayEquals(new long[] {4, 0}, rollover.batches(1).get(0));
        assertArrayEquals(new long[] {0, 1}, rollover.batches(2).get(0));
        BatchSampler wide = BatchSampler.of(s, 12, BatchSampler.Last.ROLLOVER);
        assertEquals(List.of(), sizes(wide.batches(1)));
        assertArrayEquals(
                new long[] {0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1}, wide.batches(2).get(0));
        assertArrayEquals(
                new long[] {2, 3, 4, 0, 1, 2, 3, 4, 0, 1, 2, 3}, wide.batches(4).get(0));
    }

    private static List<Integer> sizes(List<long[]> batches) {
        return batches.stream().map(b -> b.length).toList();
    }

    @Test
    void batchesAreTheSameForAnyNumberOfThreads() {
        List<String> alone = epoch(loader().shuffle(3).workers(0).build(), 2);
        assertEquals(3, alone.size());
        assertEquals(alone, epoch(loader().shuffle(3).workers(1).build(), 2));
        assertEquals(alone, epoch(loader().shuffle(3).workers(3).prefetch(5).build(), 2));
        assertNotEquals(alone, epoch(loader().shuffle(3).workers(3).build(), 1));
    }

    @Test
    void augmentationFollowsFromSeedEpochAndSample() {
        Augmentation<Labeled<float[]>> noise = (s, r) -> s.with(new float[] {s.data()[0], r.nextFloat()});
        List<String> first = epoch(loader().augment(noise, 7).workers(0).build(), 0);
        assertEquals(first, epoch(loader().augment(noise, 7).workers(2).build(), 0));
        assertNotEquals(first, epoch(loader().augment(noise, 7).workers(2).build(), 1));
        assertNotEquals(first, epoch(loader().augment(noise, 8).workers(2).build(), 0));
    }

    @Test
    void arraysBelongToTheScopeOfTheCaller() {
        NDArray[] batch;
        try (DataLoader<Labeled<float[]>>.Epoch e = loader().workers(2).build().epoch(0)) {
            try (Scope scope = Scope.open()) {
                batch = e.next();
                assertEquals(Shape.of(4, 2), batch[0].shape());
                assertEquals(30, batch[0].get(3, 1));
                assertEquals(2, batch[1].get(2));
                assertTrue(Scope.debugDump().contains("2 arrays"), Scope.debugDump());
            }
            assertTrue(batch[0].isClosed());
        }
    }

    @Test
    void errorOfASampleReachesTheCallerWithItsNumber() {
        Dataset<Labeled<float[]>> broken = NUMBERS.transform(s -> {
            if (s.label() == 6) {
                throw new IllegalStateException("no such picture");
            }
            return s;
        });
        for (int workers : new int[] {0, 2}) {
            DataLoader<Labeled<float[]>> l = DataLoader.builder(broken, Collate.rows())
                    .batchSize(4)
                    .workers(workers)
                    .build();
            try (Scope scope = Scope.open();
                    DataLoader<Labeled<float[]>>.Epoch e = l.epoch(0)) {
                e.next();
                SampleException error = assertThrows(SampleException.class, e::next);
                assertEquals(6, error.index());
                assertEquals("dataLoader: sample 6: no such picture", error.getMessage());
                assertEquals(IllegalStateException.class, error.getCause().getClass());
            }
        }
    }

    @Test
    void batchThatDoesNotFitTogetherNamesItsSamples() {
        Dataset<Labeled<float[]>> ragged =
                Dataset.of(List.of(new Labeled<>(new float[2], 0), new Labeled<>(new float[3], 0)));
        DataLoader<Labeled<float[]>> l =
                DataLoader.builder(ragged, Collate.rows()).batchSize(2).build();
        try (DataLoader<Labeled<float[]>>.Epoch e = l.epoch(0)) {
            String message = assertThrows(SampleException.class, e::next).getMessage();
            assertTrue(message.startsWith("dataLoader: batch 0 of samples [0, 1]: rows: the first"), message);
        }
    }

    @Test
    void closingEarlyStopsTheThreadsAndFreesWhatWasMadeAhead() throws InterruptedException {
        CountDownLatch started = new CountDownLatch(3);
        List<Thread> threads = new ArrayList<>();
        Dataset<Labeled<float[]>> counted = NUMBERS.transform(s -> {
            synchronized (threads) {
                threads.add(Thread.currentThread());
            }
            started.countDown();
            return s;
        });
        DataLoader.Builder<Labeled<float[]>> builder =
                DataLoader.builder(counted, Collate.rows()).workers(2).prefetch(3);
        DataLoader<Labeled<float[]>>.Epoch e = builder.build().epoch(0);
        started.await();
        e.close();
        for (Thread t : threads) {
            t.join(10_000);
            assertFalse(t.isAlive());
        }
        assertFalse(e.hasNext());
        assertThrows(NoSuchElementException.class, e::next);
    }

    @Test
    void threadsEndWithTheLastBatch() throws InterruptedException {
        Set<Thread> threads = ConcurrentHashMap.newKeySet();
        Dataset<Labeled<float[]>> watched = NUMBERS.transform(s -> {
            threads.add(Thread.currentThread());
            return s;
        });
        DataLoader.builder(watched, Collate.rows()).workers(2).build().epoch(0).forEachRemaining(b -> {});
        assertFalse(threads.isEmpty());
        for (Thread t : threads) {
            t.join(10_000);
            assertFalse(t.isAlive());
        }
    }

    @Test
    void lateBatchIsAnErrorThatNamesIt() {
        CountDownLatch never = new CountDownLatch(1);
        Dataset<Labeled<float[]>> stuck = NUMBERS.transform(s -> {
            try {
                never.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            return s;
        });
        DataLoader<Labeled<float[]>> l = DataLoader.builder(stuck, Collate.rows())
                .timeout(Duration.ofMillis(50))
                .build();
        try (DataLoader<Labeled<float[]>>.Epoch e = l.epoch(0)) {
            assertTrue(
                    assertThrows(SampleException.class, e::next).getMessage().contains("batch 0 was not made within"));
        }
    }

    @Test
    void manyEpochsLeaveNoMemoryBehind() {
        DataLoader<Labeled<float[]>> l = loader().workers(2).shuffle(1).build();
        epoch(l, 0);
        long before = Backends.current().allocator().liveBytes();
        for (int i = 0; i < 50; i++) {
            epoch(l, i);
        }
        // Not equal: the garbage collector may free what other tests have left.
        assertTrue(Backends.current().allocator().liveBytes() <= before);
    }

    @Test
    void rowsOfArraysAreStacked() {
        try (Scope scope = Scope.open()) {
            NDArray x = NDArray.arange(0, 12, 1, DType.FLOAT32).reshape(4, 3);
            NDArray y = NDArray.of(5f, 6, 7, 8);
            DataLoader<NDArray[]> l = DataLoader.builder(new ArrayDataset(x, y), Collate.stack())
                    .batchSize(3)
                    .workers(2)
                    .build();
            try (DataLoader<NDArray[]>.Epoch e = l.epoch(0)) {
                NDArray[] first = e.next();
                assertArrayEquals(new float[] {0, 1, 2, 3, 4, 5, 6, 7, 8}, first[0].toFloatArray());
                assertArrayEquals(new float[] {5, 6, 7}, first[1].toFloatArray());
                assertEquals(Shape.of(1, 3), e.next()[0].shape());
            }
            assertThrows(RuntimeException.class, () -> new ArrayDataset(x, NDArray.of(1f, 2)));
        }
    }

    @Test
    void sequencesArePaddedToTheLongest() {
        try (Scope scope = Scope.open()) {
            NDArray[] b = Collate.sequences(1)
                    .batch(List.of(new Labeled<>(new long[] {4, 5, 6}, 1), new Labeled<>(new long[] {7}, 0)));
            assertArrayEquals(new long[] {4, 5, 6, 7, 1, 1}, b[0].toLongArray());
            assertArrayEquals(new long[] {3, 1}, b[1].toLongArray());
            assertArrayEquals(new float[] {1, 0}, b[2].toFloatArray());
        }
    }
}
