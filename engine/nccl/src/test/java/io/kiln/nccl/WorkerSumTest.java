package io.kiln.nccl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.backend.DeviceFailedException;
import io.kiln.cuda.driver.TestDriver;
import io.kiln.kvstore.KVKey;
import io.kiln.kvstore.KVStore;
import io.kiln.kvstore.KVStoreType;
import io.kiln.kvstore.PeerFailedException;
import io.kiln.kvstore.Ranks;
import io.kiln.kvstore.transport.TransportOptions;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.op.Role;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Stores of several workers whose own sums are over several devices: each adds up by NCCL, and the workers by their network. */
class WorkerSumTest {
    private static final KVKey KEY = KVKey.of("w");
    private static final int WORKERS = 2;
    private static final int SIZE = 5003;

    private final TestDriver driver = Gpus.driver();

    @BeforeEach
    void reset() {
        driver.reset();
    }

    /** What each of two workers reads after a push of arrays of its own from each of the devices; the key is on another at each. */
    private static List<double[]> sums(int devices, DType dtype, String nccl) {
        return Gpus.with(Gpus.NCCL, nccl, () -> {
            try {
                return Ranks.run(WORKERS, t -> {
                    try (Scope scope = Scope.open();
                            KVStore store = KVStore.create(KVStoreType.DIST_DEVICE_SYNC, t)) {
                        store.init(KEY, Gpus.random(Gpus.gpu(t.rank()), dtype, SIZE, 1), Role.WEIGHT);
                        store.push(KEY, Gpus.oneEach(devices, dtype, SIZE, 10 + 100L * t.rank()));
                        List<NDArray> outs = Gpus.oneEach(devices, dtype, SIZE, 20);
                        store.pull(KEY, outs);
                        double[] first = outs.get(0).toDoubleArray();
                        for (NDArray out : outs) {
                            assertArrayEquals(
                                    first, out.toDoubleArray(), out.device().toString());
                        }
                        return first;
                    }
                });
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
    }

    @ParameterizedTest
    @CsvSource({"2, FLOAT32", "2, FLOAT64", "3, FLOAT32", "3, FLOAT64"})
    void workersSumByNcclWhatTheySumByCopies(int devices, DType dtype) {
        List<double[]> byNccl = sums(devices, dtype, "true");
        assertEquals(WORKERS * devices, driver.count("ncclReduce"));
        assertEquals(WORKERS * devices, driver.count("ncclBroadcast"));
        assertEquals(WORKERS * devices, driver.count("ncclCommDestroy"), "closed with the stores");
        assertArrayEquals(byNccl.get(0), byNccl.get(1), "all workers have the same bits");
        List<double[]> byCopies = sums(devices, dtype, "false");
        assertEquals(WORKERS * devices, driver.count("ncclReduce"));
        if (devices == 2) {
            assertArrayEquals(byCopies.get(0), byNccl.get(0), "a sum of two does not depend on their order");
            return;
        }
        // Two additions of numbers of a few units at each worker, each rounded by half a unit of the last place at
        // most.
        double unit = dtype == DType.FLOAT32 ? Math.ulp(1f) : Math.ulp(1.0);
        assertArrayEquals(byCopies.get(0), byNccl.get(0), 64 * unit);
    }

    /** Two workers push; then the setting that is named has its effect on one of their sums. */
    public static void main(String[] arguments) throws Exception {
        TestDriver driver = TestDriver.load();
        CyclicBarrier both = new CyclicBarrier(WORKERS, () -> driver.set(arguments[0], 1));
        List<Future<Object>> workers = Ranks.start(
                WORKERS, new SparkConf(false), TransportOptions.DEFAULT.withTimeout(Duration.ofSeconds(60)), t -> {
                    try (Scope scope = Scope.open();
                            KVStore store = KVStore.create(KVStoreType.DIST_DEVICE_SYNC, t)) {
                        store.init(KEY, Gpus.random(Gpus.gpu(0), DType.FLOAT32, SIZE, 1), Role.WEIGHT);
                        List<NDArray> outs = Gpus.oneEach(2, DType.FLOAT32, SIZE, 20);
                        store.push(KEY, Gpus.oneEach(2, DType.FLOAT32, SIZE, 10));
                        store.pull(KEY, outs);
                        outs.forEach(NDArray::toDoubleArray);
                        both.await(1, TimeUnit.MINUTES);
                        store.push(KEY, outs);
                        store.pull(KEY, outs);
                        outs.forEach(NDArray::toDoubleArray);
                        return null;
                    }
                });
        List<Throwable> told = new ArrayList<>();
        for (Future<Object> worker : workers) {
            told.add(assertThrows(ExecutionException.class, worker::get).getCause());
        }
        for (Throwable e : told) {
            assertTrue(e instanceof DeviceFailedException || e instanceof PeerFailedException, e.toString());
            System.out.println("told: " + e);
        }
        assertTrue(told.stream().anyMatch(e -> e instanceof DeviceFailedException));
        System.out.println("passed");
        System.exit(0); // threads of Spark's network go on
    }

    @Test
    void whereADeviceIsLostNoWorkerTakesWhatIsLeftForASum() throws Exception {
        List<String> options = new ArrayList<>(ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(option -> option.startsWith("--add-"))
                .toList());
        options.add("-Dkiln.cuda.nccl=true");
        options.add("-Dkiln.cuda.ncclSeconds=60");
        String text = Jvm.run(
                WorkerSumTest.class, TestDriver.build(), System.getProperty("java.class.path"), options, "nccl_lose");
        assertTrue(text.contains("passed"), text);
        assertTrue(text.lines().anyMatch(l -> l.startsWith("told: ") && l.contains("cuda(1)")), text);
    }
}
