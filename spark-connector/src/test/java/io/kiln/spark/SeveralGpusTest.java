package io.kiln.spark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.kiln.backend.Device;
import io.kiln.cuda.driver.TestDriver;
import io.kiln.kvstore.KVKey;
import io.kiln.kvstore.KVStore;
import io.kiln.kvstore.KVStoreType;
import io.kiln.ml.NetClassificationModel;
import io.kiln.ml.NetClassifier;
import io.kiln.ndarray.ArrayFactory;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.op.Role;
import io.kiln.optim.Adam;
import io.kiln.optim.UpdateRule;
import io.kiln.spark.report.EpochReport;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Two GPUs in one executor, on the test driver: a worker on each, or both in one task. */
@Timeout(300)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SeveralGpusTest {
    private Cluster cluster;

    @BeforeAll
    void start(@TempDir Path directory) {
        Assumptions.assumeTrue(TestDriver.isBuildable(), "NOT TESTED: g++ is missing, which builds the test driver");
        cluster = GpuCluster.ofOneExecutor(
                directory, GpuCluster.testDriver(), Map.of("spark.executorEnv.KILN_TEST_DRIVER_DEVICES", "2"));
    }

    @AfterAll
    void stop() {
        if (cluster != null) {
            cluster.close();
        }
    }

    @Test
    void eachWorkerOfAnExecutorHasAGpuOfItsOwn() {
        Dataset<Row> data = cluster.data(200);
        NetClassifier fit = cluster.classifier().setNumWorkers(2).setMaxEpochs(2);
        NetClassificationModel model = fit.setDevice("cuda").fit(data);
        List<EpochReport.WorkerReport> workers = model.summary().epochs().get(1).workers();
        assertEquals(
                1,
                workers.stream()
                        .map(EpochReport.WorkerReport::executor)
                        .distinct()
                        .count());
        assertEquals(
                Set.of("cuda(0)", "cuda(1)"),
                workers.stream().map(w -> w.device().name()).collect(Collectors.toSet()));
        double here = fit.setDevice("cpu").fit(data).summary().epochs().get(1).loss();
        assertEquals(here, model.summary().epochs().get(1).loss(), 1e-3 * here);
    }

    /** Three steps with Adam; the gradients of a step are on the devices given. */
    private static float[] train(KVStoreType type, Device home, Device... devices) {
        try (Scope scope = Scope.open();
                KVStore store = KVStore.create(type, null)) {
            store.init(KVKey.of("w"), numbers(home, 1), Role.WEIGHT);
            store.setOptimizer(new UpdateRule(new Adam(), 0.05), 0.5);
            for (int step = 0; step < 3; step++) {
                store.push(KVKey.of("w"), List.of(numbers(devices[0], 2 + step), numbers(devices[1], 0.3 * step)));
            }
            NDArray out = ArrayFactory.on(devices[1]).zeros(Shape.of(5000), DType.FLOAT32);
            store.pull("w", out);
            return out.toFloatArray();
        }
    }

    private static NDArray numbers(Device on, double factor) {
        float[] x = new float[5000];
        for (int i = 0; i < x.length; i++) {
            x[i] = (float) Math.sin(factor * i);
        }
        return ArrayFactory.on(on).of(Shape.of(x.length), x);
    }

    @Test
    void oneTaskAddsUpOnTheDeviceOfTheKeyWithCopiesBetweenThem() {
        // The copies of the test driver pass between its devices, not through the host.
        List<String> found = cluster.onAll(rows -> {
            TestDriver driver = TestDriver.load();
            Device first = new Device("cuda", 0);
            Device second = new Device("cuda", 1);
            float[] expected = train(KVStoreType.LOCAL, Device.cpu(), Device.cpu(), Device.cpu());
            long before = driver.count("cuMemcpyPeerAsync");
            assertArrayEquals(expected, train(KVStoreType.DEVICE, first, first, second), 1e-6f);
            assertNotEquals(before, driver.count("cuMemcpyPeerAsync"), "no copy between the devices");
            assertArrayEquals(
                    train(KVStoreType.DEVICE, first, first, second), train(KVStoreType.DEVICE, second, first, second));
            return List.of("same bits").iterator();
        });
        assertEquals(List.of("same bits", "same bits"), found);
    }
}
