package io.kiln.spark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.cuda.driver.TestDriver;
import io.kiln.ml.NetClassificationModel;
import io.kiln.ml.NetClassifier;
import io.kiln.nn.Dense;
import io.kiln.nn.Dropout;
import io.kiln.nn.Sequential;
import io.kiln.op.activation.Activation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Steps of a fit on two executors that are captured as CUDA graphs, cut where buckets of gradients are sent. */
@Timeout(300)
class CudaGraphsJobTest {
    private static final int ROWS = 80;
    private static final int BATCH = 32;
    private static final int WORKERS = 2;
    /** Two graphs up to gradients that are sent in mid-step, one with the others, one of their norm, one of the updates. */
    private static final int GRAPHS = 5;

    private static final List<String> COUNTED = List.of("cuGraphLaunch", "cuLaunchKernel", "library", "kernels");

    private static Cluster cluster(Path directory, String options) throws IOException {
        return GpuCluster.start(
                Files.createDirectories(directory),
                List.of("0", "1"),
                "1",
                GpuCluster.testDriver() + options,
                Map.of("spark.executorEnv.KILN_TEST_DRIVER_DEVICES", "2"));
    }

    /** The last three layers fill two buckets, the first one begins a third. */
    private static NetClassificationModel model(Cluster cluster, Dataset<Row> data, int epochs) {
        NetClassifier fit = cluster.classifier()
                .setNetwork(new Sequential(
                        new Dense(520, Activation.RELU),
                        new Dropout(0.5),
                        new Dense(520, Activation.TANH),
                        new Dense(520, Activation.RELU),
                        new Dense(Cluster.CLASSES)))
                .setDevice("cuda")
                .setNumWorkers(WORKERS)
                .setGradientClipNorm(0.5)
                .setBatchSize(BATCH)
                .setMaxEpochs(epochs);
        return fit.fit(data);
    }

    /** What the drivers of all executors were asked for since they were started. */
    private static Map<String, Long> counts(Cluster cluster) {
        Map<String, Long> sums = new TreeMap<>();
        cluster.onAll(rows -> COUNTED.stream()
                        .map(name -> name + " " + TestDriver.load().count(name))
                        .iterator())
                .forEach(line -> sums.merge(line.split(" ")[0], Long.parseLong(line.split(" ")[1]), Long::sum));
        return sums;
    }

    @Test
    void aStepIsAHandfulOfGraphsAndHasTheSameBits(@TempDir Path directory) throws IOException {
        Assumptions.assumeTrue(TestDriver.isBuildable(), "NOT TESTED: g++ is missing, which builds the test driver");
        int few = 3; // a batch of each size is captured in its third step
        int many = 4;
        byte[] captured;
        try (Cluster cluster = cluster(directory.resolve("captured"), "")) {
            Dataset<Row> data = cluster.data(ROWS);
            Map<String, Long> start = counts(cluster);
            model(cluster, data, few);
            Map<String, Long> middle = counts(cluster);
            NetClassificationModel model = model(cluster, data, many);
            captured = model.trainedNetwork().weights();
            Map<String, Long> end = counts(cluster);
            Map<String, Long> fitted = Map.copyOf(end);
            model.setPredictionBatchSize(8).transform(data).collectAsList();
            // Two partitions of 36 rows: four full batches each, of which the last two are replayed.
            assertEquals(4, counts(cluster).get("cuGraphLaunch") - fitted.get("cuGraphLaunch"));
            end.replaceAll((name, n) -> n - 2 * middle.get(name) + start.get(name));
            long steps = (long) (many - few) * ((ROWS + BATCH - 1) / BATCH) * WORKERS;
            assertEquals(GRAPHS * steps, end.get("cuGraphLaunch"), () -> "launches of graphs: " + end);
            assertEquals(0, end.get("cuLaunchKernel"), "kernels beside");
            assertTrue(end.get("library") > 0 && end.get("kernels") > 0, () -> "graphs are empty: " + end);
        }
        try (Cluster cluster = cluster(directory.resolve("launched"), " -Dkiln.cuda.graphs=false")) {
            byte[] launched =
                    model(cluster, cluster.data(ROWS), many).trainedNetwork().weights();
            assertEquals(0, counts(cluster).get("cuGraphLaunch"));
            assertArrayEquals(launched, captured);
        }
    }
}
