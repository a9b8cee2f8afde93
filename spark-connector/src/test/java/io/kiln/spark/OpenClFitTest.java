package io.kiln.spark;

import static org.apache.spark.sql.functions.lit;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.kiln.backend.Backends;
import io.kiln.backend.Device;
import io.kiln.ml.NetClassificationModel;
import io.kiln.ml.NetClassifier;
import io.kiln.ml.NetEstimator;
import io.kiln.ml.NetModel;
import io.kiln.nn.BatchNorm;
import io.kiln.nn.Dense;
import io.kiln.nn.Embedding;
import io.kiln.nn.EmbeddingBag;
import io.kiln.nn.Functional;
import io.kiln.nn.Merge;
import io.kiln.nn.Sequential;
import io.kiln.op.activation.Activation;
import io.kiln.spark.report.EpochReport;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.streaming.StreamingQuery;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Two executors that compute by OpenCL, and no GPUs of Spark. */
@Timeout(400)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class OpenClFitTest {
    private Cluster cluster;
    private Dataset<Row> data;

    @BeforeAll
    void start() {
        boolean hasDevice = Backends.surveys().stream()
                .anyMatch(s -> s.type().equals("opencl") && !s.usable().isEmpty());
        assumeTrue(hasDevice, "there is no OpenCL platform");
        cluster = Cluster.ofExecutors(2);
        data = cluster.data(400);
    }

    @AfterAll
    void stop() {
        if (cluster != null) {
            cluster.close();
        }
    }

    private NetClassifier fit(String device) {
        return cluster.classifier()
                .setNetwork(new Sequential(new Dense(32, Activation.RELU), new BatchNorm(), new Dense(Cluster.CLASSES)))
                .setNumWorkers(2)
                .setMaxEpochs(4)
                .setValidationIndicatorCol("held")
                .setEarlyStoppingPatience(3)
                .setGradientClipNorm(5)
                .setDevice(device);
    }

    private static double[] curve(NetClassificationModel model) {
        return model.summary().epochs().stream()
                .flatMapToDouble(e -> DoubleStream.of(e.loss(), e.validationLoss()))
                .toArray();
    }

    private static Stream<EpochReport.WorkerReport> workers(NetClassificationModel model) {
        return model.summary().epochs().stream().flatMap(e -> e.workers().stream());
    }

    private static void assertNear(NetClassificationModel model, Dataset<Row> expected, Dataset<Row> actual) {
        Iterator<Row> rows = actual.select("rawPrediction").collectAsList().iterator();
        for (Row row : expected.select("rawPrediction").collectAsList()) {
            assertArrayEquals(
                    row.<Vector>getAs(0).toArray(), rows.next().<Vector>getAs(0).toArray(), 1e-4);
        }
        assertTrue(!rows.hasNext(), model.uid());
    }

    /** Bytes that arrays on the CPU have taken at most, in each executor. */
    private List<Long> peaksOfTheCpu(boolean reset) {
        return cluster.onAll(rows -> {
            var memory = Backends.get(Device.cpu()).allocator();
            if (reset) {
                memory.resetPeak();
            }
            return List.of(memory.peakBytes()).iterator();
        });
    }

    @Test
    void trainingAndPredictionAreThoseOfTheCpuWithinRounding() {
        NetClassificationModel onCpu = fit("cpu").fit(data);
        NetClassificationModel model = fit("opencl").fit(data);
        assertArrayEquals(curve(onCpu), curve(model), 2e-4);
        assertTrue(workers(model).allMatch(w -> w.device().name().equals("opencl(0)")));
        assertTrue(workers(onCpu).allMatch(w -> w.device() == null));
        assertEquals("opencl", model.getDevice());
        Dataset<Row> predicted = model.transform(data);
        predicted.count();
        Dataset<Row> here = model.copy(ParamMap.empty()).setDevice("cpu").transform(data);
        assertNear(model, here, predicted);
    }

    @Test
    void streamsArePredictedThere(@TempDir Path directory) throws Exception {
        NetClassificationModel model = fit("opencl").setMaxEpochs(1).fit(data);
        String rows = directory.resolve("rows").toUri().toString();
        data.write().parquet(rows);
        StreamingQuery query = model.transform(
                        cluster.session().readStream().schema(data.schema()).parquet(rows))
                .select("features", "rawPrediction")
                .writeStream()
                .format("memory")
                .queryName("predicted")
                .start();
        query.processAllAvailable();
        query.stop();
        Dataset<Row> streamed = cluster.session().table("predicted");
        assertEquals(400, streamed.count());
        assertNear(
                model,
                model.copy(ParamMap.empty()).setDevice("cpu").transform(streamed.drop("rawPrediction")),
                streamed);
    }

    /** But for metrics, which are computed on the CPU. */
    @Test
    void noArraysAreMadeOnTheCpu() {
        NetClassifier fit = fit("opencl").setEarlyStoppingPatience(0).setSnapshotInterval(3);
        fit.clear(fit.validationIndicatorCol());
        List<Long> before = peaksOfTheCpu(true);
        fit.fit(data).transform(data).select("probability").collectAsList();
        assertEquals(before, peaksOfTheCpu(false));
    }

    /** Ids and sequences of different lengths. */
    private Dataset<Row> visits() {
        return cluster.session()
                .range(0, 200, 1, 2)
                .selectExpr(
                        "cast(id % 10 as int) user",
                        "transform(sequence(0, id % 5), i -> cast((7 * id + 3 * i) % 20 as int)) items",
                        "cast(id % 3 as float) stars",
                        "cast(id % 2 as int) liked",
                        "id % 7 = 0 held");
    }

    private static NetEstimator recommender(String device) {
        Functional network = new Functional("user", "items", "items_length")
                .add("u", new Embedding(10, 4), "user")
                .add("bag", new EmbeddingBag(20, 4), "items", "items_length")
                .add("both", Merge.concat(1), "u", "bag")
                .add("hidden", new Dense(8, Activation.RELU), "both")
                .add("score", new Dense(1), "hidden")
                .add("classes", new Dense(2), "hidden")
                .outputs("score", "classes");
        return new NetEstimator()
                .setNetwork(network)
                .setInputCols(new String[] {"user", "items"})
                .setTargetCols(new String[] {"stars", "liked"})
                .setLosses(new String[] {"l2", "softmaxCrossEntropy"})
                .setValidationIndicatorCol("held")
                .setBatchSize(32)
                .setMaxEpochs(3)
                .setSeed(4)
                .setNumWorkers(2)
                .setPredictionBatchSize(32)
                .setOutputNames(new String[] {"score", "softmax(classes)", "hidden"})
                .setOutputCols(new String[] {"score", "probability", "hidden"})
                .setDevice(device);
    }

    @Test
    void namedInputsAndOutputsAreThoseOfTheCpuWithinRounding() {
        Dataset<Row> visits = visits();
        NetModel onCpu = recommender("cpu").fit(visits);
        NetModel model = recommender("opencl").fit(visits);
        assertArrayEquals(onCpu.summary().objectiveHistory(), model.summary().objectiveHistory(), 2e-4);
        assertTrue(model.summary().epochs().stream()
                .flatMap(e -> e.workers().stream())
                .allMatch(w -> w.device().name().equals("opencl(0)")));
        List<Long> before = peaksOfTheCpu(true);
        List<Row> there = model.transform(visits).collectAsList();
        assertEquals(before, peaksOfTheCpu(false), "the engine's memory on the CPU");
        List<Row> here =
                model.copy(ParamMap.empty()).setDevice("cpu").transform(visits).collectAsList();
        assertEquals(200, there.size());
        for (int i = 0; i < here.size(); i++) {
            assertEquals(here.get(i).<Double>getAs("score"), there.get(i).<Double>getAs("score"), 1e-4);
            for (String column : List.of("probability", "hidden")) {
                assertArrayEquals(
                        here.get(i).<Vector>getAs(column).toArray(),
                        there.get(i).<Vector>getAs(column).toArray(),
                        1e-4);
            }
        }
        Exception e = assertThrows(Exception.class, () -> model.transform(visits.withColumn("user", lit(12)))
                .collectAsList());
        assertTrue(
                e.getMessage().contains("input user of row 0 of the batch has an index out of range"), e.getMessage());
    }

    @Test
    void aModelTellsWhichExecutorLacksItsDevice() {
        NetModel model = recommender("cpu").setMaxEpochs(1).fit(visits()).setDevice("opencl:9");
        Exception e =
                assertThrows(Exception.class, () -> model.transform(visits()).collectAsList());
        assertTrue(e.getMessage().matches("(?s).*predict: device opencl:9: executor \\d+ on \\S+: .*"), e.getMessage());
    }

    @Test
    void anExecutorThatIsKilledChangesNothing() {
        byte[] undisturbed = fit("opencl").fit(data).trainedNetwork().weights();
        List<Long> victims = new ArrayList<>(cluster.executors());
        NetClassificationModel model = fit("opencl")
                .setSnapshotInterval(4)
                .setEpochListener(report -> {
                    if (!victims.isEmpty()) {
                        Cluster.kill(victims.remove(0));
                        victims.clear();
                    }
                })
                .fit(data);
        assertArrayEquals(undisturbed, model.trainedNetwork().weights());
        assertEquals(1, model.summary().resubmissions());
    }

    /** There is no backend for CUDA on the tests' class path, or no GPU. */
    @Test
    void aDeviceThatExecutorsLackIsToldBeforeTheLaunch() {
        boolean hasCuda = Backends.surveys().stream()
                .anyMatch(s -> s.type().equals("cuda") && !s.usable().isEmpty());
        assumeTrue(!hasCuda, "there is a GPU");
        IllegalStateException e =
                assertThrows(IllegalStateException.class, () -> fit("cuda").fit(data));
        assertTrue(
                e.getMessage()
                        .matches(
                                "(?s)device cuda: 2 of 2 workers have none: executor \\d+ on \\S+: .*executor \\d+ on.*"),
                e.getMessage());
        IllegalStateException ninth =
                assertThrows(IllegalStateException.class, () -> fit("opencl:9").fit(data));
        assertTrue(ninth.getMessage().contains("opencl(0): "), ninth.getMessage());
        assertTrue(ninth.getMessage().contains("libOpenCL.so.1"), ninth.getMessage());
    }
}
