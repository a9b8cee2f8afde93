package io.kiln.kvstore;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.op.Role;
import io.kiln.optim.Adam;
import io.kiln.optim.Sgd;
import io.kiln.optim.UpdateRule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Tag("core")
class LocalStoreTest {
    private Scope scope;
    private KVStore store;

    @BeforeEach
    void open() {
        scope = Scope.open();
        store = KVStore.local();
    }

    @AfterEach
    void close() {
        store.close();
        scope.close();
    }

    private static NDArray a(double... values) {
        float[] f = new float[values.length];
        for (int i = 0; i < f.length; i++) {
            f[i] = (float) values[i];
        }
        return NDArray.of(Shape.of(values.length), f);
    }

    private float[] pulled(String key, int n) {
        NDArray out = NDArray.zeros(Shape.of(n), DType.FLOAT32);
        store.pull(key, out);
        return out.toFloatArray();
    }

    private static String message(Runnable r) {
        return assertThrows(KVStoreException.class, r::run).getMessage();
    }

    @Test
    void withoutUpdaterTheSumOfAPushReplacesTheArray() {
        store.init("w", a(1, 2));
        assertArrayEquals(new float[] {1, 2}, pulled("w", 2));
        store.push("w", a(1, 1), a(2, 2), a(4, 4));
        assertArrayEquals(new float[] {7, 7}, pulled("w", 2));
        store.push("w", a(3, 5));
        assertArrayEquals(new float[] {3, 5}, pulled("w", 2));
    }

    @Test
    void theStoreKeepsACopy() {
        NDArray first = a(1, 2);
        store.init("w", first);
        first.assign(9, 9);
        assertArrayEquals(new float[] {1, 2}, pulled("w", 2));
    }

    @Test
    void anUpdaterGetsTheSumAndChangesTheArray() {
        store.init("w", a(1, 2));
        store.setUpdater((key, received, stored) -> {
            assertEquals("\"w\"", key.toString());
            stored.assign(stored.add(received.mul(2)));
        });
        store.push("w", a(1, 10), a(1, 10));
        store.push("w", a(0, 1));
        assertArrayEquals(new float[] {5, 44}, pulled("w", 2));
    }

    @Test
    void pullGivesEveryArrayTheSame() {
        store.init(3, a(1, 2));
        NDArray x = a(0, 0);
        NDArray y = a(0, 0);
        store.pull(3, x, y);
        assertArrayEquals(new float[] {1, 2}, x.toFloatArray());
        assertArrayEquals(new float[] {1, 2}, y.toFloatArray());
    }

    @Test
    void pushPullWithoutOutputsWritesBackIntoTheValues() {
        store.init(3, a(1, 2));
        NDArray x = a(5, 6);
        NDArray y = a(1, 1);
        store.pushPull(KVKey.of(3), List.of(x, y), List.of());
        assertArrayEquals(new float[] {6, 7}, x.toFloatArray());
        assertArrayEquals(new float[] {6, 7}, y.toFloatArray());
        NDArray out = a(0, 0);
        store.pushPull(KVKey.of(3), List.of(x), List.of(out));
        assertArrayEquals(new float[] {6, 7}, out.toFloatArray());
    }

    @Test
    void broadcastIsInitAndPull() {
        NDArray out = a(0, 0);
        store.broadcast("w", a(4, 2), out);
        assertArrayEquals(new float[] {4, 2}, out.toFloatArray());
        assertTrue(message(() -> store.broadcast("w", a(4, 2), out)).contains("already in the store"));
    }

    @Test
    void arraysOfAnyStridesCanBePushedAndPulled() {
        NDArray value = NDArray.of(Shape.of(2, 3), 1f, 2, 3, 4, 5, 6).transpose(1, 0);
        store.init("w", value);
        store.push("w", value, value);
        NDArray out = NDArray.zeros(Shape.of(2, 3), DType.FLOAT32).transpose(1, 0);
        store.pull("w", out);
        assertArrayEquals(new float[] {2, 8, 4, 10, 6, 12}, out.toFloatArray());
    }

    @Test
    void anOptimizerUpdatesOncePerPush() {
        store.init("w", a(1, 2));
        store.setOptimizer(new UpdateRule(new Sgd(0.5), 0.1), 0.5);
        store.push("w", a(1, 2), a(3, 2));
        // s = 0.1 * 0.5 * {4, 4}
        assertArrayEquals(new float[] {0.8f, 1.8f}, pulled("w", 2), 1e-6f);
        store.push("w", a(0, 0));
        assertArrayEquals(new float[] {0.7f, 1.7f}, pulled("w", 2), 1e-6f);
    }

    @Test
    void weightsDecayAndBiasesDoNot() {
        store.init(KVKey.of("w"), a(1), Role.WEIGHT);
        store.init(KVKey.of("b"), a(1), Role.BIAS);
        store.setOptimizer(new UpdateRule(new Sgd(0), 0.1).withWeightDecay(0.5));
        store.push("w", a(0));
        store.push("b", a(0));
        assertArrayEquals(new float[] {0.95f}, pulled("w", 1), 1e-6f);
        assertArrayEquals(new float[] {1f}, pulled("b", 1));
    }

    @Test
    void aStoreGoesOnFromSavedOptimizerStates(@TempDir Path folder) throws IOException {
        UpdateRule rule = new UpdateRule(new Adam(0.9, 0.999, 1e-8, new Adam().biasCorrection()), 0.1);
        store.init("w", a(1, 2, 3));
        store.init("v", a(5));
        store.setOptimizer(rule);
        store.push("w", a(1, -1, 2));
        store.push("v", a(3));
        store.push("w", a(2, 0, 2));
        Path file = folder.resolve("states");
        store.saveOptimizerStates(file);
        try (KVStore other = KVStore.local()) {
            NDArray w = a(0, 0, 0);
            NDArray v = a(0);
            store.pull("w", w);
            store.pull("v", v);
            other.init("w", w);
            other.init("v", v);
            other.setOptimizer(rule);
            other.loadOptimizerStates(file);
            for (KVStore s : List.of(store, other)) {
                s.push("w", a(1, 1, 1));
                s.push("v", a(-1));
            }
            NDArray w2 = a(0, 0, 0);
            NDArray v2 = a(0);
            other.pull("w", w2);
            other.pull("v", v2);
            assertArrayEquals(pulled("w", 3), w2.toFloatArray());
            assertArrayEquals(pulled("v", 1), v2.toFloatArray());
        }
    }

    @Test
    void damagedOptimizerStatesAreRefused(@TempDir Path folder) throws IOException {
        store.init("w", a(1, 2, 3));
        store.setOptimizer(new UpdateRule(new Adam()));
        store.push("w", a(1, 2, 3));
        Path file = folder.resolve("states");
        store.saveOptimizerStates(file);
        byte[] good = Files.readAllBytes(file);
        for (int n = 0; n < good.length; n++) {
            Files.write(file, Arrays.copyOf(good, n));
            assertThrows(IOException.class, () -> store.loadOptimizerStates(file), "cut at " + n);
        }
        Files.write(file, Arrays.copyOf(good, good.length + 1));
        assertThrows(IOException.class, () -> store.loadOptimizerStates(file));
        for (int i = 8; i < good.length - 24; i++) {
            byte[] bad = good.clone();
            bad[i] ^= (byte) 0x80;
            Files.write(file, bad);
            try {
                store.loadOptimizerStates(file);
            } catch (IOException | KVStoreException expected) {
                assertFalse(expected.getMessage().isBlank());
            }
        }
    }

    @Test
    void statesOfAnotherOptimizerAreRefused(@TempDir Path folder) throws IOException {
        store.init("w", a(1));
        assertEquals("saveOptimizerStates: the store has no optimizer; call setOptimizer first", message(() -> {
            try {
                store.saveOptimizerStates(folder.resolve("x"));
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        }));
        store.setOptimizer(new UpdateRule(new Adam()));
        store.push("w", a(1));
        store.saveOptimizerStates(folder.resolve("x"));
        store.setOptimizer(new UpdateRule(new Sgd(0.9), 0.1));
        KVStoreException e = assertThrows(KVStoreException.class, () -> store.loadOptimizerStates(folder.resolve("x")));
        assertTrue(e.getMessage().contains("sgd") && e.getMessage().contains("adam"), e.getMessage());
    }

    @Test
    void wrongUseIsAnErrorWithValues() {
        store.init("w", a(1, 2));
        assertEquals(
                "init: key \"w\" is already in the store, with " + a(1, 2).spec() + "; push to change it",
                message(() -> store.init("w", a(3, 4))));
        assertEquals(
                "pull: key \"v\" is not in the store; init it first (keys: [\"w\"])",
                message(() -> store.pull("v", a(1))));
        assertEquals(
                "push: key \"w\": must be " + a(1, 2).spec() + ", got "
                        + a(1, 2, 3).spec(),
                message(() -> store.push("w", a(1, 2), a(1, 2, 3))));
        assertEquals(
                "pull: key \"w\": must be " + a(1, 2).spec() + ", got "
                        + NDArray.zeros(Shape.of(2), DType.FLOAT64).spec(),
                message(() -> store.pull("w", NDArray.zeros(Shape.of(2), DType.FLOAT64))));
        assertEquals("push: key \"w\": needs at least one array, got none", message(() -> store.push("w")));
        assertEquals("init: this store's keys are names, as \"w\", got 7", message(() -> store.init(7, a(1))));
        assertEquals("key: a name must not be null", message(() -> store.init((String) null, a(1))));
        assertTrue(message(() -> store.setOptimizer(new UpdateRule(new Sgd(0)).withClipNorm(1)))
                .contains("clipNorm must be infinite, got 1.0"));
    }

    @Test
    void whatAStoreCannotDoSaysSoByName() {
        assertEquals(
                "rowSparsePull: a LOCAL store holds dense arrays; pull \"w\" whole and gather its rows",
                message(() -> store.rowSparsePull(KVKey.of("w"), a(1), a(1))));
        assertEquals(
                "setGradientCompression: a LOCAL store of this version sends gradients whole, got 2bit(0.5); remove the call",
                message(() -> store.setGradientCompression("2bit", 0.5)));
        assertFalse(store.isCapable(KVStore.Capability.ROW_SPARSE_PULL));
        assertTrue(store.isCapable(KVStore.Capability.OPTIMIZER));
    }

    @Test
    void aTypeThatIsNotThereIsNamedWithWhatToUse() {
        assertEquals(
                "create: this version has no DIST_ASYNC store; use DIST_SYNC or DIST_DEVICE_SYNC",
                message(() -> KVStore.create(KVStoreType.DIST_ASYNC, null)));
    }

    @ParameterizedTest
    @EnumSource(names = {"DIST_SYNC", "DIST_DEVICE_SYNC"})
    void aDistributedStoreNeedsAGroup(KVStoreType type) {
        String message = message(() -> KVStore.create(type, null));
        assertTrue(message.contains(type + " needs") && message.contains("join one with"), message);
    }

    @Test
    void aLocalStoreIsAGroupOfOne() {
        assertEquals(KVStoreType.LOCAL, KVStore.create(KVStoreType.LOCAL, null).type());
        assertEquals(0, store.rank());
        assertEquals(1, store.numWorkers());
        store.barrier();
    }
}
