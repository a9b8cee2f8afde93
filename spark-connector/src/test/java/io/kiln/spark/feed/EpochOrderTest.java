package io.kiln.spark.feed;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("core")
class EpochOrderTest {
    /** The batches of an epoch, as all workers together see them. */
    private static List<List<Long>> batches(int rows, int batch, long seed, int epoch, boolean shuffle, int workers) {
        List<List<Long>> all = new ArrayList<>();
        for (int r = 0; r < workers; r++) {
            long first = EpochOrder.bound(r, workers, rows);
            EpochOrder o =
                    new EpochOrder(rows, batch, seed, epoch, shuffle, first, EpochOrder.bound(r + 1, workers, rows));
            for (int s = 0; s < o.steps(); s++) {
                if (all.size() <= s) {
                    all.add(new ArrayList<>());
                }
                for (int i = 0; i < o.size(s); i++) {
                    all.get(s).add(first + o.row(s, i));
                }
            }
        }
        return all;
    }

    @ParameterizedTest
    @CsvSource({"1,1", "7,3", "100,32", "100,100", "101,32", "50,64", "1000,7", "997,128"})
    void eachRowOccursOnceAndBatchesAreFull(int rows, int batch) {
        List<List<Long>> all = batches(rows, batch, 3, 2, true, 1);
        TreeSet<Long> seen = new TreeSet<>();
        all.forEach(seen::addAll);
        assertEquals(rows, seen.size());
        assertEquals(rows, all.stream().mapToInt(List::size).sum());
        assertEquals((rows + batch - 1) / batch, all.size());
        for (int s = 0; s + 1 < all.size(); s++) {
            assertEquals(batch, all.get(s).size());
        }
    }

    @ParameterizedTest
    @CsvSource({"100,32,2", "101,32,3", "997,128,4", "50,64,2", "12,5,5"})
    void theBatchesDoNotDependOnTheNumberOfWorkers(int rows, int batch, int workers) {
        assertEquals(batches(rows, batch, 3, 2, true, 1), batches(rows, batch, 3, 2, true, workers));
    }

    @Test
    void eachWorkerHasItsShareOfEveryBatch() {
        int rows = 10_007;
        for (int r = 0; r < 3; r++) {
            EpochOrder o = new EpochOrder(
                    rows, 100, 9, 0, true, EpochOrder.bound(r, 3, rows), EpochOrder.bound(r + 1, 3, rows));
            for (int s = 0; s + 1 < o.steps(); s++) {
                assertTrue(Math.abs(o.size(s) - 100 / 3.0) < 2, "batch " + s + " of worker " + r + ": " + o.size(s));
            }
        }
    }

    @Test
    void theOrderFollowsFromSeedAndEpoch() {
        List<List<Long>> a = batches(500, 50, 3, 0, true, 1);
        assertEquals(a, batches(500, 50, 3, 0, true, 1));
        assertNotEquals(a, batches(500, 50, 3, 1, true, 1));
        assertNotEquals(a, batches(500, 50, 4, 0, true, 1));
    }

    @Test
    void withoutShufflingEveryEpochIsAlike() {
        assertEquals(batches(500, 50, 3, 0, false, 2), batches(500, 50, 8, 5, false, 1));
    }

    @Test
    void theOrderOfReleasedVersionsStays() {
        assertEquals(
                List.of(List.of(1L, 5L, 8L), List.of(2L, 3L, 7L), List.of(0L, 4L, 9L), List.of(6L)),
                batches(10, 3, 42, 1, true, 1));
    }

    @Test
    void boundsOfManyRowsDoNotOverflow() {
        long rows = 1L << 60;
        assertEquals(rows, EpochOrder.bound(1000, 1000, rows));
        assertEquals(rows / 2, EpochOrder.bound(500, 1000, rows));
    }
}
