package io.kiln.spark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.cuda.driver.TestDriver;
import io.kiln.ml.NetClassificationModel;
import io.kiln.ml.NetClassifier;
import io.kiln.spark.report.EpochReport;
import io.kiln.spark.report.TrainingException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.spark.TaskContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Fits and predictions on CUDA, on two executors with a GPU each. The test driver stands in for NVIDIA's libraries there: executors find it by
 * the property {@code kiln.cuda.libraryPath}, as they would find libraries in an unusual place.
 */
@Timeout(300)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CudaJobTest {
    private Cluster cluster;
    private Dataset<Row> data;

    /** Skipped without g++; where g++ is there and the driver does not build, this fails. */
    @BeforeAll
    void start(@TempDir Path directory) {
        Assumptions.assumeTrue(TestDriver.isBuildable(), "NOT TESTED: g++ is missing, which builds the test driver");
        cluster = GpuCluster.start(
                directory,
                List.of("0", "1"),
                "1",
                GpuCluster.testDriver(),
                Map.of("spark.executorEnv.KILN_TEST_DRIVER_DEVICES", "2"));
        data = cluster.data(400);
    }

    @AfterAll
    void stop() {
        if (cluster != null) {
            cluster.close();
        }
    }

    private NetClassifier fit() {
        return cluster.classifier()
                .setDevice("cuda")
                .setNumWorkers(2)
                .setMaxEpochs(3)
                .setSnapshotInterval(5);
    }

    private static double accuracy(Dataset<Row> predicted) {
        return predicted.where("prediction = label").count() / (double) predicted.count();
    }

    /** On the executor of cuda(1). */
    private void onOneExecutor(Map<String, Long> settings) {
        cluster.onAll(rows -> {
            if (TaskContext.get().resourcesJMap().get("gpu").addresses()[0].equals("1")) {
                TestDriver driver = TestDriver.load();
                settings.forEach(driver::set);
            }
            return List.of(1).iterator();
        });
    }

    /** Kernels that ran on the executors since they were started. */
    private long kernels() {
        return cluster.onAll(rows -> List.of(TestDriver.load().count("kernels")).iterator()).stream()
                .mapToLong(n -> n)
                .min()
                .orElseThrow();
    }

    @Test
    void aFitOnCudaIsAsAccurateAsOneOnTheCpuAndPredictsThereToo() {
        NetClassificationModel model = fit().fit(data);
        Map<String, String> expected = GpuCluster.addresses(cluster);
        assertEquals(Set.of("0", "1"), Set.copyOf(expected.values()));
        expected.replaceAll((executor, address) -> "cuda(" + address + ")");
        assertEquals(expected, GpuCluster.devices(model));
        for (EpochReport.WorkerReport w : model.summary().epochs().get(0).workers()) {
            assertTrue(w.device().peakBytes() > 0, w.toString());
            assertEquals(256L << 20, w.device().usage().usedBytes(), "what the test driver's NVML says");
        }
        NetClassificationModel there = fit().setDevice("cpu").fit(data);
        double onTheCpu = accuracy(there.transform(data));
        assertTrue(onTheCpu > 0.5, () -> "the CPU learns nothing: " + onTheCpu);

        long before = kernels();
        double onCuda = accuracy(model.transform(data));
        assertEquals(onTheCpu, onCuda, 0.02);
        assertTrue(kernels() > before, "predictions ran no kernels");
        assertEquals(onCuda, accuracy(model.setDevice("cpu").transform(data)));
    }

    @Test
    void theExecutorOfALostDeviceIsReplacedAndTrainingEndsTheSame() {
        byte[] undisturbed = fit().fit(data).trainedNetwork().weights();
        Set<Long> before = cluster.executors();
        onOneExecutor(Map.of("lose", 200L));
        NetClassificationModel model = fit().fit(data);
        assertEquals(1, model.summary().resubmissions());
        assertArrayEquals(undisturbed, model.trainedNetwork().weights());
        Set<Long> after = cluster.executors();
        assertNotEquals(before, after, "the executor is the same");
        assertTrue(after.removeAll(before), "both executors were replaced");
    }

    @Test
    void aLostDeviceIsNamedWithItsExecutorAndCudasReason() {
        onOneExecutor(Map.of("lose", 100L));
        TrainingException e = assertThrows(
                TrainingException.class, () -> fit().setMaxResubmissions(0).fit(data));
        assertTrue(
                e.getMessage()
                        .matches("(?s).*the device cuda\\(1\\) of executor \\d+ on \\S+ failed: .*CUDA_ERROR_\\w+.*"),
                e.getMessage());
    }
}
