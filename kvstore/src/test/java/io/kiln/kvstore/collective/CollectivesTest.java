package io.kiln.kvstore.collective;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.kvstore.KVStoreException;
import io.kiln.kvstore.Ranks;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.HostView;
import io.kiln.ndarray.internal.Memory;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(180)
class CollectivesTest {
    private static float[] term(int rank, int count) {
        Random r = new Random(31L * rank + count);
        float[] x = new float[count];
        for (int i = 0; i < count; i++) {
            x[i] = (r.nextFloat() - 0.5f) * (1 << r.nextInt(20));
        }
        return x;
    }

    /** The definition: one after the other, in rank order. */
    private static float[] rankOrderSum(int ranks, int count) {
        float[] sum = term(0, count);
        for (int r = 1; r < ranks; r++) {
            float[] x = term(r, count);
            for (int i = 0; i < count; i++) {
                sum[i] += x[i];
            }
        }
        return sum;
    }

    private interface OnMemory {
        void run(Collectives c, HostView memory);
    }

    private static List<float[]> onEachRank(int ranks, int count, OnMemory work) throws Exception {
        return Ranks.run(ranks, t -> {
            HostView x = HostView.allocate(Math.max(1, 4L * count));
            try (Collectives c = new Collectives(t, 3)) {
                x.put(0, term(t.rank(), count), 0, count);
                work.run(c, x);
                float[] y = new float[count];
                x.get(0, y, 0, count);
                return y;
            } finally {
                x.close();
            }
        });
    }

    @ParameterizedTest
    @CsvSource({
        "1,5",
        "2,0",
        "2,1",
        "2,3",
        "2,1000",
        "2,262143",
        "2,262147",
        "2,1500001",
        "2,6000000",
        "3,1",
        "3,2",
        "3,100003",
        "3,1000003",
        "4,77777",
        "5,1",
        "5,900001",
        "8,3",
        "16,0",
        "17,3",
        "17,5000"
    })
    void allReduceGivesEveryRankTheRankOrderSumToTheBit(int ranks, int count) throws Exception {
        float[] expected = rankOrderSum(ranks, count);
        for (float[] got : onEachRank(ranks, count, (c, x) -> c.allReduce(DType.FLOAT32, x.slice(0, 4L * count), 7))) {
            assertArrayEquals(expected, got, 0f);
        }
    }

    @Test
    void manyRanksLeaveSmallArraysToOneOfThem() {
        assertEquals(Slices.even(386, 15), Slices.forMessages(386, 15, 3));
        assertEquals(Slices.whole(386, 64, 3), Slices.forMessages(386, 64, 3));
        assertEquals(Slices.even(4096, 64), Slices.forMessages(4096, 64, 3));
    }

    @Test
    void manyCallsOfAllSizesInARowDoNotMixUp() throws Exception {
        int[] counts = {3, 9000, 300_000, 0, 700_001, 20, 262_144, 1};
        Ranks.run(3, t -> {
            HostView x = HostView.allocate(4L * 700_001);
            try (Collectives c = new Collectives(t, 0)) {
                for (int round = 0; round < 5; round++) {
                    for (int n : counts) {
                        x.put(0, term(t.rank(), n), 0, n);
                        c.allReduce(DType.FLOAT32, x.slice(0, 4L * n), n);
                        float[] y = new float[n];
                        x.get(0, y, 0, n);
                        assertArrayEquals(rankOrderSum(3, n), y, 0f);
                    }
                    c.barrier();
                }
                return null;
            } finally {
                x.close();
            }
        });
    }

    @Test
    void twoChannelsOfOneTransportWorkAtTheSameTime() throws Exception {
        int n = 500_000;
        Ranks.run(2, t -> {
            List<Throwable> failures = new ArrayList<>();
            List<Thread> threads = new ArrayList<>();
            for (int channel = 0; channel < 2; channel++) {
                int ch = channel;
                Thread thread = new Thread(() -> {
                    HostView x = HostView.allocate(4L * n);
                    try (Collectives c = new Collectives(t, ch)) {
                        for (int i = 0; i < 10; i++) {
                            x.put(0, term(t.rank(), n), 0, n);
                            c.allReduce(DType.FLOAT32, x.slice(0, 4L * n), ch);
                            float[] y = new float[n];
                            x.get(0, y, 0, n);
                            assertArrayEquals(rankOrderSum(2, n), y, 0f);
                        }
                    } catch (Throwable e) {
                        synchronized (failures) {
                            failures.add(e);
                        }
                    } finally {
                        x.close();
                    }
                });
                threads.add(thread);
                thread.start();
            }
            for (Thread thread : threads) {
                thread.join();
            }
            assertEquals(List.of(), failures);
            return null;
        });
    }

    @ParameterizedTest
    @CsvSource({"2,100001", "2,3000001", "3,2000003", "4,5"})
    void reduceScatterSumsOwnSliceAndLeavesTheRest(int ranks, int count) throws Exception {
        Slices slices = Slices.even(count, ranks);
        List<float[]> got = onEachRank(ranks, count, (c, x) -> c.reduceScatter(DType.FLOAT32, x, slices, 0));
        float[] sum = rankOrderSum(ranks, count);
        for (int r = 0; r < ranks; r++) {
            float[] expected = term(r, count);
            System.arraycopy(sum, (int) slices.start(r), expected, (int) slices.start(r), (int) slices.length(r));
            assertArrayEquals(expected, got.get(r), 0f, "rank " + r);
        }
    }

    @Test
    void reduceScatterThenAllGatherWithUnevenAndEmptySlicesIsAnAllReduce() throws Exception {
        int count = 1_200_007;
        Slices slices = Slices.of(0, 1_100_000, 1_100_000, count);
        float[] expected = rankOrderSum(3, count);
        List<float[]> got = onEachRank(3, count, (c, x) -> {
            c.reduceScatter(DType.FLOAT32, x, slices, 1);
            c.allGather(DType.FLOAT32, x, slices, 2);
        });
        for (float[] y : got) {
            assertArrayEquals(expected, y, 0f);
        }
    }

    @ParameterizedTest
    @CsvSource({"2,0,10", "2,1,3000000", "3,2,70000", "4,3,0"})
    void broadcastGivesEveryRankWhatTheRootHas(int ranks, int root, int count) throws Exception {
        for (float[] y : onEachRank(ranks, count, (c, x) -> c.broadcast(root, x.slice(0, 4L * count), 0))) {
            assertArrayEquals(term(root, count), y, 0f);
        }
    }

    @Test
    void doublesAndLongsAreSummedInTheirOwnType() throws Exception {
        Ranks.run(3, t -> {
            HostView x = HostView.allocate(16);
            try (Collectives c = new Collectives(t, 0)) {
                Memory.putDouble(x.address(), 1e-12 * (t.rank() + 1));
                Memory.putDouble(x.address() + 8, 1.0);
                c.allReduce(DType.FLOAT64, x.slice(0, 8L * 2), 0);
                assertEquals((1e-12 + 2e-12) + 3e-12, Memory.getDouble(x.address()));
                assertEquals(3.0, Memory.getDouble(x.address() + 8));
                Memory.putLong(x.address(), (1L << 60) + t.rank());
                c.allReduce(DType.INT64, x.slice(0, 8L * 1), 0);
                assertEquals((3L << 60) + 3, Memory.getLong(x.address()));
                return null;
            } finally {
                x.close();
            }
        });
    }

    @Test
    void differentCallsOnTwoRanksAreAnErrorOnBoth() throws Exception {
        KVStoreException e = assertThrows(
                KVStoreException.class,
                () -> onEachRank(2, 1000, (c, x) -> {
                    // The ranks differ in what they sum.
                    c.allReduce(
                            DType.FLOAT32,
                            x.slice(0, 4L * 1000),
                            Thread.currentThread().hashCode());
                }));
        assertTrue(e.getMessage().contains("different calls"), e.getMessage());
    }

    @Test
    void aSumOfHalvesIsRefusedWithARemedy() throws Exception {
        KVStoreException e = assertThrows(
                KVStoreException.class,
                () -> onEachRank(1, 10, (c, x) -> c.allReduce(DType.FLOAT16, x.slice(0, 2L * 10), 0)));
        assertEquals(
                "allReduce: sums are taken in FLOAT32, FLOAT64 or INT64, got float16; cast before", e.getMessage());
    }
}
