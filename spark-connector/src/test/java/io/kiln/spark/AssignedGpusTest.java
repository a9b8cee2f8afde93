package io.kiln.spark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.fake.FakeBackend;
import io.kiln.ml.NetClassificationModel;
import io.kiln.ml.NetClassifier;
import io.kiln.spark.report.EpochReport;
import io.kiln.spark.report.TrainingException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.spark.TaskContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Executors to which Spark assigns one GPU each, of addresses that a discovery script makes up. Their devices are fake
 * ones, fake(0) and fake(1), in place of GPUs.
 */
@Timeout(300)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class AssignedGpusTest {
    private Cluster cluster;
    private Dataset<Row> data;

    /** Tasks of other stages share GPUs. */
    @BeforeAll
    void start(@TempDir Path directory) throws IOException {
        cluster = GpuCluster.start(directory, List.of("1", "FAKE-a"), "0.5");
        data = cluster.data(400);
    }

    @AfterAll
    void stop() {
        cluster.close();
    }

    private NetClassifier fit() {
        return cluster.classifier().setNumWorkers(2).setMaxEpochs(3).setSnapshotInterval(5);
    }

    @Test
    void workersComputeOnTheAddressesOfTheirTasksAndReportTheirMemory() {
        NetClassificationModel model = fit().fit(data);
        Map<String, String> expected = GpuCluster.addresses(cluster);
        assertEquals(Set.of("1", "FAKE-a"), Set.copyOf(expected.values()));
        expected.replaceAll((executor, address) -> address.equals("1") ? "fake(1)" : "fake(0)");
        assertEquals(expected, GpuCluster.devices(model));
        for (EpochReport.WorkerReport w : model.summary().epochs().get(0).workers()) {
            EpochReport.DeviceMemory memory = w.device();
            assertTrue(memory.liveBytes() > 0 && memory.peakBytes() >= memory.liveBytes(), memory.toString());
            assertTrue(memory.budgetBytes() >= memory.peakBytes(), memory.toString());
        }
        Dataset<Row> predicted = model.transform(data);
        Dataset<Row> here = model.setDevice("cpu").transform(data);
        assertEquals(
                here.select("prediction").collectAsList(),
                predicted.select("prediction").collectAsList());
    }

    @Test
    void theCpuIsUsedWhereItIsAskedFor() {
        NetClassificationModel model = fit().setDevice("cpu").fit(data);
        assertEquals(Set.of("cpu"), Set.copyOf(GpuCluster.devices(model).values()));
    }

    @Test
    void moreWorkersThanGpusAreRefused() {
        IllegalStateException e = assertThrows(
                IllegalStateException.class, () -> fit().setNumWorkers(3).fit(data));
        assertTrue(e.getMessage().contains("3 workers with 1 cores and a GPU each"), e.getMessage());
        assertTrue(e.getMessage().contains("has room for 2"), e.getMessage());
    }

    @Test
    void anIndexOtherThanTheAssignedOneIsRefused() {
        IllegalStateException e = assertThrows(
                IllegalStateException.class, () -> fit().setDevice("fake:1").fit(data));
        assertTrue(e.getMessage().contains("1 of 2 workers have none: executor "), e.getMessage());
        assertTrue(e.getMessage().contains("Spark has assigned GPU FAKE-a, which is fake(0)"), e.getMessage());
    }

    @Test
    void executorsWithTheSameAddressAreRefused(@TempDir Path other) throws IOException {
        cluster.close();
        try (Cluster same = GpuCluster.start(other, List.of("0", "0"), "1")) {
            IllegalStateException e = assertThrows(
                    IllegalStateException.class,
                    () -> same.classifier().setNumWorkers(2).fit(same.data(100)));
            assertTrue(e.getMessage().contains("two workers would share fake(0): executor "), e.getMessage());
            assertTrue(e.getMessage().contains("spark.worker.resource.gpu.discoveryScript"), e.getMessage());
        } finally {
            start(Files.createDirectory(other.resolve("again")));
        }
    }

    /** Runs in the executor of fake(1). */
    private void onOneExecutor(Faulty what) {
        cluster.onAll(rows -> {
            if (TaskContext.get().resourcesJMap().get("gpu").addresses()[0].equals("1")) {
                what.to(FakeBackend.get(1));
            }
            return List.of(1).iterator();
        });
    }

    private interface Faulty extends java.io.Serializable {
        void to(FakeBackend device);
    }

    @Test
    void theExecutorOfALostDeviceIsReplacedAndTrainingResumes() {
        byte[] undisturbed = fit().fit(data).trainedNetwork().weights();
        Set<Long> before = cluster.executors();
        onOneExecutor(device -> device.faults().failKernel(200));
        NetClassificationModel model = fit().fit(data);
        assertEquals(1, model.summary().resubmissions());
        assertArrayEquals(undisturbed, model.trainedNetwork().weights());
        Set<Long> after = cluster.executors();
        assertNotEquals(before, after, "the executor is the same");
        assertTrue(after.removeAll(before), "both executors were replaced");
    }

    @Test
    void aLostDeviceIsNamedWithItsExecutor() {
        onOneExecutor(device -> device.faults().failKernel(200));
        TrainingException e = assertThrows(
                TrainingException.class, () -> fit().setMaxResubmissions(0).fit(data));
        assertTrue(
                e.getMessage()
                        .matches("(?s).*the device fake\\(1\\) of executor \\d+ on \\S+ failed: .*test has asked.*"),
                e.getMessage());
        onOneExecutor(device -> device.faults().clear());
    }

    @Test
    void aFullDeviceIsNamedWithItsExecutorAfterItsAttempts() {
        onOneExecutor(device -> device.faults().refuseAllocations(1_000_000));
        Set<Long> before = cluster.executors();
        TrainingException e = assertThrows(
                TrainingException.class, () -> fit().setMaxResubmissions(1).fit(data));
        assertTrue(e.getMessage().contains("failed 2 times in a row"), e.getMessage());
        assertTrue(
                e.getMessage()
                        .matches(
                                "(?s).*the memory of fake\\(1\\) of executor \\d+ on \\S+ is full: .*lower batchSize.*"),
                e.getMessage());
        assertEquals(before, cluster.executors(), "a full memory is no reason to replace an executor");
        onOneExecutor(device -> device.faults().clear());
        assertEquals(0, fit().fit(data).summary().resubmissions());
    }
}
