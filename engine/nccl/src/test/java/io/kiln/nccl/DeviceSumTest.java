package io.kiln.nccl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.backend.Backends;
import io.kiln.backend.Collective;
import io.kiln.backend.Device;
import io.kiln.cuda.driver.TestDriver;
import io.kiln.kvstore.KVKey;
import io.kiln.kvstore.KVStore;
import io.kiln.kvstore.KVStoreType;
import io.kiln.ndarray.ArrayFactory;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.op.Role;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a store adds up over the devices of a process, with NCCL and without. */
class DeviceSumTest {
    private static final KVKey KEY = KVKey.of("w");

    private final TestDriver driver = Gpus.driver();

    @BeforeEach
    void reset() {
        driver.reset();
    }

    static Stream<Arguments> cases() {
        return IntStream.of(2, 3).boxed().flatMap(devices -> Stream.of(
                        DType.FLOAT32, DType.FLOAT64, DType.FLOAT16, DType.BFLOAT16)
                .flatMap(dtype -> Stream.of(
                        Arguments.of(devices, dtype, 1),
                        Arguments.of(devices, dtype, 1003),
                        Arguments.of(devices, dtype, 70_000))));
    }

    /** What a store holds after a push from each of the devices; its key is on the last but one. */
    private static double[] pushed(int devices, DType dtype, int size, String nccl) {
        return Gpus.with(Gpus.NCCL, nccl, () -> {
            try (KVStore store = KVStore.create(KVStoreType.DEVICE, null)) {
                store.init(KEY, Gpus.random(Gpus.gpu(devices - 2), dtype, size, 1), Role.WEIGHT);
                store.push(KEY, Gpus.oneEach(devices, dtype, size, 10));
                List<NDArray> outs = Gpus.oneEach(devices, dtype, size, 20);
                store.pull(KEY, outs);
                double[] first = outs.get(0).toDoubleArray();
                for (NDArray out : outs) {
                    assertArrayEquals(first, out.toDoubleArray(), out.device().toString());
                }
                return first;
            }
        });
    }

    @Tag("core")
    @ParameterizedTest
    @MethodSource("cases")
    void ncclAddsUpWhatDevicesPushAndCopiesItToAll(int devices, DType dtype, int size) {
        double[] byNccl = pushed(devices, dtype, size, "true");
        assertEquals(devices, driver.count("ncclReduce"));
        assertEquals(devices, driver.count("ncclBroadcast"));
        assertEquals(0, driver.count("cuMemcpyPeerAsync"));
        assertEquals(devices, driver.count("ncclCommDestroy"), "closed with the store");
        double[] byCopies = pushed(devices, dtype, size, "false");
        assertEquals(devices, driver.count("ncclReduce"));
        if (devices == 2) {
            assertArrayEquals(byCopies, byNccl, "a sum of two does not depend on their order");
            return;
        }
        double unit = Math.ulp(1.0) * Math.pow(2, 52 - fraction(dtype));
        for (int i = 0; i < size; i++) {
            // Two additions of numbers of a few units, each rounded by half a unit of the last place at most.
            assertEquals(byCopies[i], byNccl[i], 32 * unit, "element " + i);
        }
    }

    private static int fraction(DType dtype) {
        return switch (dtype) {
            case FLOAT64 -> 52;
            case FLOAT32 -> 23;
            case FLOAT16 -> 10;
            default -> 7;
        };
    }

    /** The test driver adds along a ring, as NCCL does: were the order that of the ranks, the settings would have nothing to guard. */
    @Test
    void sumsOfThreeHaveOtherBits() {
        assertFalse(Arrays.equals(pushed(3, DType.FLOAT32, 70_000, "true"), pushed(3, DType.FLOAT32, 70_000, "false")));
    }

    @ParameterizedTest
    @CsvSource({
        "auto, true, 2, true",
        "auto, true, 3, false",
        "auto, false, 3, true",
        "true, true, 3, true",
        "false, false, 2, false"
    })
    void settingsDecideWhetherNcclIsUsed(String nccl, String deterministic, int devices, boolean used) {
        Gpus.with(Gpus.DETERMINISTIC, deterministic, () -> pushed(devices, DType.FLOAT32, 10, nccl));
        assertEquals(used ? devices : 0, driver.count("ncclReduce"));
    }

    @Test
    void aSettingThatIsNoneIsAnError() {
        String message = assertThrows(IllegalArgumentException.class, () -> pushed(2, DType.FLOAT32, 10, "maybe"))
                .getMessage();
        assertTrue(message.contains("-Dkiln.cuda.nccl must be auto, true or false, got maybe"), message);
    }

    @Test
    void workIsGivenWithoutWaitingForStreams() {
        Gpus.with(Gpus.NCCL, "true", () -> {
            try (KVStore store = KVStore.create(KVStoreType.DEVICE, null)) {
                store.init(KEY, Gpus.random(Gpus.gpu(0), DType.FLOAT32, 5, 1), Role.WEIGHT);
                double[] expected = {22, 44, 66, 88, 110};
                assertArrayEquals(expected, twice(store, 0)); // compiles what runs below
                assertArrayEquals(expected, twice(store, 1));
                return null;
            }
        });
    }

    private double[] twice(KVStore store, int hold) {
        NDArray one = ArrayFactory.on(Gpus.gpu(0)).of(1, 2, 3, 4, 5);
        NDArray two = ArrayFactory.on(Gpus.gpu(1)).of(10, 20, 30, 40, 50);
        NDArray out = one.newArray(one.spec());
        driver.set("hold", hold);
        try {
            NDArray more = two.add(two);
            store.push(KEY, List.of(one.add(one), more));
            more.assign(more.add(more)); // written after the push: no part of the sum
            store.pull(KEY, List.of(out));
        } finally {
            driver.set("hold", 0);
        }
        return out.toDoubleArray();
    }

    @Test
    void stridedArraysArePushedAsWell() {
        Gpus.with(Gpus.NCCL, "true", () -> {
            try (KVStore store = KVStore.create(KVStoreType.DEVICE, null)) {
                NDArray a = ArrayFactory.on(Gpus.gpu(0)).of(Shape.of(2, 3), 1f, 2, 3, 4, 5, 6);
                NDArray b = ArrayFactory.on(Gpus.gpu(1)).of(Shape.of(3, 2), 10f, 20, 30, 40, 50, 60);
                store.init(KEY, b, Role.WEIGHT);
                store.push(KEY, List.of(a.transpose(1, 0), b));
                NDArray out = b.newArray(b.spec());
                store.pull(KEY, List.of(out));
                assertArrayEquals(new double[] {11, 24, 32, 45, 53, 66}, out.toDoubleArray());
                assertEquals(2, driver.count("ncclReduce"));
                return null;
            }
        });
    }

    /** Nothing is left open, within which later calls would wait. */
    @Test
    void arraysThatNcclCannotTakeAreRefusedBeforeAnythingIsGiven() {
        Gpus.with(Gpus.NCCL, "true", () -> {
            List<Device> devices = List.of(Gpus.gpu(0), Gpus.gpu(1));
            try (Collective all = Backends.get(Gpus.gpu(0)).collective(devices).orElseThrow()) {
                NDArray a = ArrayFactory.on(Gpus.gpu(0)).of(Shape.of(2, 3), 1f, 2, 3, 4, 5, 6);
                NDArray b = ArrayFactory.on(Gpus.gpu(1)).of(Shape.of(2, 3), 10f, 20, 30, 40, 50, 60);
                NDArray turned = ArrayFactory.on(Gpus.gpu(1))
                        .of(Shape.of(3, 2), 1f, 2, 3, 4, 5, 6)
                        .transpose(1, 0);
                NDArray sum = a.newArray(a.spec());
                List<List<NDArray>> wrong = List.of(
                        List.of(a, turned),
                        List.of(a, b.cast(DType.FLOAT64)),
                        List.of(a, b.slice(1, 0, 2)),
                        List.of(a, a),
                        List.of(a));
                for (List<NDArray> each : wrong) {
                    assertThrows(IllegalArgumentException.class, () -> all.reduce(each, sum));
                    assertThrows(IllegalArgumentException.class, () -> all.broadcast(a, each));
                }
                NDArray whole = a.cast(DType.INT32);
                assertThrows(
                        IllegalArgumentException.class, () -> all.reduce(List.of(whole, b.cast(DType.INT32)), whole));
                assertEquals(0, driver.count("ncclReduce") + driver.count("ncclBroadcast"));
                all.reduce(List.of(a, b), sum);
                sum.storage().bumpVersion();
                assertArrayEquals(new double[] {11, 22, 33, 44, 55, 66}, sum.toDoubleArray());
                return null;
            }
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"soon", "0", "-3", "1.5", ""})
    void aDeadlineThatIsNoneIsAnError(String seconds) {
        String message = Gpus.with("kiln.cuda.ncclSeconds", seconds, () -> assertThrows(
                        IllegalArgumentException.class, () -> pushed(2, DType.FLOAT32, 10, "auto"))
                .getMessage());
        assertTrue(
                message.contains(
                        "-Dkiln.cuda.ncclSeconds must be a number of seconds from 1 to 1000000, got " + seconds),
                message);
    }

    @Test
    void arraysThatNcclDoesNotServeAreAddedByCopies() {
        Gpus.with(Gpus.NCCL, "true", () -> {
            try (KVStore store = KVStore.create(KVStoreType.DEVICE, null);
                    Scope scope = Scope.open()) {
                NDArray zero = ArrayFactory.on(Gpus.gpu(0)).of(1, 2);
                NDArray one = ArrayFactory.on(Gpus.gpu(1)).of(3, 4);
                NDArray two = ArrayFactory.on(Gpus.gpu(2)).of(5, 6);
                store.init("floats", zero);
                store.init("integers", zero.cast(DType.INT32));
                store.push("floats", one, one); // two on one device
                store.push("floats", one, two); // none on the key's
                store.push("floats", zero);
                store.push("integers", zero.cast(DType.INT32), one.cast(DType.INT32));
                NDArray out = ArrayFactory.on(Gpus.gpu(0)).of(0, 0).cast(DType.INT32);
                store.pull("integers", out);
                assertArrayEquals(new double[] {4, 6}, out.toDoubleArray());
                assertEquals(0, driver.count("ncclCommInitAll"));
                return null;
            }
        });
    }

    @Test
    void anErrorOfNcclsStartIsToldOrAnErrorWhereNcclIsInsistedOn() {
        double[] expected = pushed(2, DType.FLOAT32, 10, "false");
        driver.set("nccl_init", 1);
        assertArrayEquals(expected, pushed(2, DType.FLOAT32, 10, "auto"));
        assertEquals(1, driver.count("ncclCommInitAll"));
        assertEquals(0, driver.count("ncclReduce"));
        driver.set("nccl_init", 1);
        String message = assertThrows(IllegalStateException.class, () -> pushed(2, DType.FLOAT32, 10, "true"))
                .getMessage();
        assertTrue(message.contains("cuda(0), cuda(1): ncclCommInitAll failed: unhandled system error"), message);
        assertTrue(message.contains("-Dkiln.cuda.nccl=true"), message);
    }
}
