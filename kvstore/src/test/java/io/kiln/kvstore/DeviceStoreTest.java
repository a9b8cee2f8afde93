package io.kiln.kvstore;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.backend.Device;
import io.kiln.fake.FakeBackend;
import io.kiln.ndarray.ArrayFactory;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.op.Role;
import io.kiln.optim.Adam;
import io.kiln.optim.UpdateRule;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Stores over several devices of one process, in place of GPUs fake(0) and fake(1). */
class DeviceStoreTest {
    private static final Device FIRST = FakeBackend.get(0).device();
    private static final Device SECOND = FakeBackend.get(1).device();
    private static final int SIZE = 1001;

    private static NDArray random(Device device, long seed) {
        float[] f = new float[SIZE];
        Random r = new Random(seed);
        for (int i = 0; i < SIZE; i++) {
            f[i] = (float) r.nextGaussian();
        }
        return ArrayFactory.on(device).of(Shape.of(SIZE), f);
    }

    private static UpdateRule adam() {
        return new UpdateRule(new Adam(), 0.05).withWeightDecay(0.01);
    }

    /** Three steps with two devices per worker; the key's array begins on the given device. */
    private static float[] train(KVStore store, Device home, Device... devices) {
        List<NDArray> outs = new ArrayList<>();
        store.init(KVKey.of("w"), random(home, 7), Role.WEIGHT);
        store.setOptimizer(adam(), 0.5);
        for (int step = 0; step < 3; step++) {
            List<NDArray> gradients = new ArrayList<>();
            for (int d = 0; d < devices.length; d++) {
                gradients.add(random(devices[d], 100 * step + 10 * store.rank() + d));
            }
            store.push(KVKey.of("w"), gradients);
        }
        for (Device d : devices) {
            outs.add(ArrayFactory.on(d).zeros(Shape.of(SIZE), DType.FLOAT32));
        }
        store.pull(KVKey.of("w"), outs);
        for (NDArray out : outs) {
            assertArrayEquals(outs.get(0).toFloatArray(), out.toFloatArray());
        }
        return outs.get(0).toFloatArray();
    }

    /** fake(1) and fake(0) push; the order of the sum is theirs, wherever it is computed. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void theSumAndTheUpdateAreThoseOfTheCpuToTheBitOnEitherDevice(int home) {
        try (Scope scope = Scope.open();
                KVStore local = KVStore.local();
                KVStore store = KVStore.create(KVStoreType.DEVICE, null)) {
            float[] expected = train(local, Device.cpu(), Device.cpu(), Device.cpu());
            Device at = home == 0 ? FIRST : SECOND;
            long here = FakeBackend.get(home).counters().launches();
            long there = FakeBackend.get(1 - home).counters().launches();
            assertArrayEquals(expected, train(store, at, SECOND, FIRST));
            assertTrue(FakeBackend.get(home).counters().launches() - here > 3, "nothing was computed on " + at);
            assertEquals(there + 1, FakeBackend.get(1 - home).counters().launches(), "more than the zeros of the pull");
        }
    }

    @Test
    void anUpdaterGetsArraysOfTheKeysDevice() {
        try (Scope scope = Scope.open();
                KVStore store = KVStore.create(KVStoreType.DEVICE, null)) {
            store.init(1, random(FIRST, 1));
            store.init(2, random(SECOND, 2));
            store.setUpdater((key, received, stored) -> {
                assertEquals(key.number() == 1 ? FIRST : SECOND, received.device());
                assertEquals(received.device(), stored.device());
                stored.assign(received);
            });
            for (int key = 1; key <= 2; key++) {
                NDArray ones = ArrayFactory.on(FIRST).ones(Shape.of(SIZE), DType.FLOAT32);
                store.push(key, ones, random(SECOND, 3).mul(0));
                store.pull(key, ones);
                assertEquals(SIZE, ones.sum().item());
            }
        }
    }

    @Test
    void aLocalStoreKeepsWhatDevicesPushOnTheCpu() {
        try (Scope scope = Scope.open();
                KVStore onCpu = KVStore.local();
                KVStore store = KVStore.local()) {
            float[] expected = train(onCpu, Device.cpu(), Device.cpu(), Device.cpu());
            long before = FakeBackend.get(0).counters().launches();
            assertArrayEquals(expected, train(store, FIRST, FIRST, SECOND));
            assertEquals(before + 1, FakeBackend.get(0).counters().launches(), "more than the zeros of the pull");
        }
    }

    @Test
    void statesAreWrittenFromOneDeviceAndReadOnAnother(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("states");
        try (Scope scope = Scope.open();
                KVStore first = KVStore.create(KVStoreType.DEVICE, null);
                KVStore second = KVStore.create(KVStoreType.DEVICE, null)) {
            train(first, FIRST, FIRST, SECOND);
            first.saveOptimizerStates(file);
            NDArray w = ArrayFactory.on(SECOND).zeros(Shape.of(SIZE), DType.FLOAT32);
            first.pull("w", w);
            second.init("w", w);
            second.setOptimizer(adam(), 0.5);
            second.loadOptimizerStates(file);
            NDArray other = ArrayFactory.on(FIRST).zeros(Shape.of(SIZE), DType.FLOAT32);
            first.push("w", random(FIRST, 50));
            second.push("w", random(FIRST, 50));
            first.pull("w", other);
            second.pull("w", w);
            assertArrayEquals(other.toFloatArray(), w.toFloatArray());
        }
    }

    @Test
    void workersWithSeveralDevicesEachEqualOneProcessToTheBit() throws Exception {
        float[] expected;
        try (Scope scope = Scope.open();
                KVStore local = KVStore.local()) {
            local.init("w", random(Device.cpu(), 7));
            local.setOptimizer(adam(), 0.5);
            for (int step = 0; step < 3; step++) {
                // Each worker adds its own first.
                NDArray zero = random(Device.cpu(), 100 * step).add(random(Device.cpu(), 100 * step + 1));
                NDArray one = random(Device.cpu(), 100 * step + 10).add(random(Device.cpu(), 100 * step + 11));
                local.push("w", zero, one);
            }
            NDArray out = NDArray.zeros(Shape.of(SIZE), DType.FLOAT32);
            local.pull("w", out);
            expected = out.toFloatArray();
        }
        List<float[]> got = Ranks.run(2, t -> {
            try (Scope scope = Scope.open();
                    KVStore store = KVStore.create(KVStoreType.DIST_DEVICE_SYNC, t)) {
                assertEquals(KVStoreType.DIST_DEVICE_SYNC, store.type());
                return train(store, store.rank() == 0 ? FIRST : SECOND, FIRST, SECOND);
            }
        });
        for (float[] one : got) {
            assertArrayEquals(expected, one);
        }
    }
}
