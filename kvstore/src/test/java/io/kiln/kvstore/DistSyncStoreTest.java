package io.kiln.kvstore;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.kvstore.transport.Transport;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.optim.Adam;
import io.kiln.optim.Lamb;
import io.kiln.optim.Optimizer;
import io.kiln.optim.Sgd;
import io.kiln.optim.UpdateRule;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(180)
class DistSyncStoreTest {
    private static final int[] SIZES = {1, 5, 1001, 300_007};

    private static NDArray random(int n, long seed) {
        Random r = new Random(seed);
        float[] f = new float[n];
        for (int i = 0; i < n; i++) {
            f[i] = (float) r.nextGaussian();
        }
        return NDArray.of(Shape.of(n), f);
    }

    private interface Work<T> {
        T run(KVStore store) throws Exception;
    }

    private static <T> List<T> onEachRank(int ranks, Work<T> work) throws Exception {
        return Ranks.run(ranks, t -> withStore(t, work));
    }

    private static <T> T withStore(Transport t, Work<T> work) throws Exception {
        try (Scope scope = Scope.open();
                KVStore store = KVStore.create(KVStoreType.DIST_SYNC, t)) {
            return work.run(store);
        }
    }

    private static UpdateRule rule(String name) {
        Optimizer o =
                switch (name) {
                    case "sgd" -> new Sgd(0.9);
                    case "adam" -> new Adam();
                    case "lamb" -> new Lamb();
                    default -> throw new IllegalArgumentException(name);
                };
        return new UpdateRule(o, 0.05).withWeightDecay(0.01);
    }

    /** Three pushes of all keys; returns all arrays in a row. */
    private static float[][] train(KVStore store, UpdateRule rule, int first, int workers) {
        for (int n : SIZES) {
            store.init("k" + n, random(n, first == 0 ? n : 999));
        }
        if (rule != null) {
            store.setOptimizer(rule, 1.0 / 3);
        }
        float[][] result = new float[SIZES.length][];
        for (int step = 0; step < 3; step++) {
            for (int n : SIZES) {
                NDArray[] mine = new NDArray[workers];
                for (int w = 0; w < workers; w++) {
                    mine[w] = random(n, 1000L * step + n + 10 * (first + w));
                }
                store.push("k" + n, mine);
            }
        }
        for (int i = 0; i < SIZES.length; i++) {
            NDArray out = NDArray.zeros(Shape.of(SIZES[i]), DType.FLOAT32);
            store.pull("k" + SIZES[i], out);
            result[i] = out.toFloatArray();
        }
        return result;
    }

    @ParameterizedTest
    @CsvSource({"1,sgd", "2,sgd", "3,adam", "2,adam", "2,lamb", "3,lamb", "2,", "5,"})
    void workersInStepEqualOneProcessThatSumsAllPushesToTheBit(int workers, String optimizer) throws Exception {
        UpdateRule rule = optimizer == null ? null : rule(optimizer);
        float[][] expected;
        try (Scope scope = Scope.open();
                KVStore local = KVStore.local()) {
            expected = train(local, rule, 0, workers);
        }
        for (float[][] got : onEachRank(workers, s -> train(s, rule, s.rank(), 1))) {
            for (int i = 0; i < SIZES.length; i++) {
                assertArrayEquals(expected[i], got[i], 0f, "key of " + SIZES[i]);
            }
        }
    }

    @Test
    void theValueOfRankZeroCounts() throws Exception {
        for (float[] got : onEachRank(3, s -> {
            NDArray out = NDArray.zeros(Shape.of(7), DType.FLOAT32);
            s.broadcast(4, random(7, s.rank()), out);
            return out.toFloatArray();
        })) {
            assertArrayEquals(random(7, 0).toFloatArray(), got);
        }
    }

    @Test
    void anUpdaterRunsOncePerPushOnTheWholeArray() throws Exception {
        AtomicInteger calls = new AtomicInteger();
        for (float[] got : onEachRank(3, s -> {
            s.init("w", random(10, 1));
            s.setUpdater((key, received, stored) -> {
                calls.incrementAndGet();
                assertEquals(10, received.size());
                stored.assign(received.mul(2));
            });
            NDArray ones = NDArray.ones(Shape.of(10), DType.FLOAT32);
            s.push("w", ones);
            s.pushPull("w", ones);
            return ones.toFloatArray();
        })) {
            assertEquals(6f, got[9]);
        }
        assertEquals(2, calls.get());
    }

    @Test
    void optimizerStatesCanBeTakenUpByAnotherNumberOfWorkers(@TempDir Path folder) throws Exception {
        UpdateRule rule = rule("adam");
        Path file = folder.resolve("states");
        List<float[]> three = onEachRank(3, s -> {
            s.init("w", random(1001, 1));
            s.setOptimizer(rule);
            s.push("w", random(1001, 2));
            s.saveOptimizerStates(file);
            NDArray out = NDArray.zeros(Shape.of(1001), DType.FLOAT32);
            s.pull("w", out);
            return out.toFloatArray();
        });
        List<float[]> goOnWithThree = onEachRank(3, s -> goOn(s, three.get(0), rule, file, 3));
        List<float[]> goOnWithTwo = onEachRank(2, s -> goOn(s, three.get(0), rule, file, 2));
        for (float[] got : goOnWithTwo) {
            assertArrayEquals(goOnWithThree.get(0), got, 1e-6f);
        }
        assertTrue(Math.abs(goOnWithTwo.get(0)[5] - three.get(0)[5]) > 1e-3);
    }

    private static float[] goOn(KVStore s, float[] w, UpdateRule rule, Path file, int workers) throws Exception {
        s.init("w", NDArray.of(Shape.of(w.length), w));
        s.setOptimizer(rule);
        s.loadOptimizerStates(file);
        s.push("w", random(w.length, 3).mul(1.0 / workers));
        NDArray out = NDArray.zeros(Shape.of(w.length), DType.FLOAT32);
        s.pull("w", out);
        return out.toFloatArray();
    }

    @Test
    void keysPushedInDifferentOrderFailOnAllWorkers() {
        KVStoreException e = assertThrows(
                KVStoreException.class,
                () -> onEachRank(2, s -> {
                    s.init("a", random(10, 1));
                    s.init("b", random(10, 1));
                    s.push(s.rank() == 0 ? "a" : "b", random(10, 1));
                    return null;
                }));
        assertTrue(e.getMessage().contains("make the same calls in the same order"), e.getMessage());
    }

    @Test
    void differentShapesOfOneKeyFailOnAllWorkers() {
        KVStoreException e = assertThrows(
                KVStoreException.class,
                () -> onEachRank(2, s -> {
                    s.init("a", random(10 + s.rank(), 1));
                    s.barrier();
                    return null;
                }));
        assertTrue(e.getMessage().contains("different calls"), e.getMessage());
    }

    @Test
    void rankAndNumberAreThoseOfTheGroup() throws Exception {
        List<String> said = onEachRank(3, s -> {
            s.barrier();
            return s.type() + " " + s.rank() + "/" + s.numWorkers();
        });
        assertEquals(List.of("DIST_SYNC 0/3", "DIST_SYNC 1/3", "DIST_SYNC 2/3"), said);
    }
}
