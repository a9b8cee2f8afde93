package io.kiln.spark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.autograd.Autograd;
import io.kiln.format.SafeTensors;
import io.kiln.ml.NetClassificationModel;
import io.kiln.ml.NetClassifier;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.nn.Activations;
import io.kiln.nn.BatchNorm;
import io.kiln.nn.Block;
import io.kiln.nn.Dense;
import io.kiln.nn.Sequential;
import io.kiln.nn.SyncBatchNorm;
import io.kiln.spark.report.TrainingException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerBlockUpdated;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(480)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TwoExecutorsTest {
    private static final int ROWS = 1200;
    private final Cluster cluster = Cluster.ofExecutors(2);

    @AfterAll
    void stop() {
        cluster.close();
    }

    @AfterEach
    void nothingIsLeftBehind() {
        assertEquals(List.of(), cluster.blocks());
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        Set<String> threads = cluster.kilnThreads();
        while (!threads.isEmpty() && System.nanoTime() < deadline) { // Netty's threads take their time to end
            threads = cluster.kilnThreads();
        }
        assertEquals(Set.of(), threads);
        assertEquals(Map.of(), cluster.context().getPersistentRDDs());
    }

    private static Map<String, NDArray> tensors(NetClassificationModel m) throws IOException {
        return SafeTensors.read(m.trainedNetwork().weights()).tensors();
    }

    private static double difference(NetClassificationModel a, NetClassificationModel b) throws IOException {
        try (Scope scope = Scope.open()) {
            Map<String, NDArray> other = tensors(b);
            double difference = 0;
            double norm = 0;
            for (Map.Entry<String, NDArray> e : tensors(a).entrySet()) {
                double[] x = e.getValue().toDoubleArray();
                double[] y = other.get(e.getKey()).toDoubleArray();
                for (int i = 0; i < x.length; i++) {
                    difference += (x[i] - y[i]) * (x[i] - y[i]);
                    norm += x[i] * x[i];
                }
            }
            return Math.sqrt(difference / norm);
        }
    }

    @Tag("core")
    @Test
    void twoExecutorsLearnWhatOneWorkerLearns() throws Exception {
        Dataset<Row> data = cluster.data(ROWS);
        NetClassificationModel one = cluster.classifier().fit(data);
        NetClassificationModel two = cluster.classifier().setNumWorkers(2).fit(data);
        NetClassificationModel again = cluster.classifier().setNumWorkers(2).fit(data);
        assertArrayEquals(two.trainedNetwork().weights(), again.trainedNetwork().weights(), "the same bits each time");
        double d = difference(one, two);
        assertTrue(d <= 1e-5, "relative difference between one worker and two: " + d);
        assertEquals(2, two.summary().epochs().get(0).workers().size());
    }

    private static double accuracy(NetClassificationModel model, Dataset<Row> data) {
        List<Row> rows = model.transform(data).select("prediction", "label").collectAsList();
        return rows.stream()
                .mapToInt(r -> r.getDouble(0) == r.getDouble(1) ? 1 : 0)
                .average()
                .orElseThrow();
    }

    @Test
    void float16LearnsWhatFloat32Learns() throws Exception {
        Dataset<Row> data = cluster.data(ROWS);
        NetClassifier classifier = cluster.classifier().setNumWorkers(2);
        NetClassificationModel wide = classifier.fit(data);
        NetClassificationModel narrow = classifier.setPrecision("float16").fit(data);
        double d = difference(wide, narrow);
        assertTrue(d > 0 && d < 0.02, "relative difference between float32 and float16: " + d);
        assertEquals(accuracy(wide, data), accuracy(narrow, data), 0.01);
        assertEquals(0, narrow.summary().epochs().get(2).gradients().skipped());
        assertEquals(0x1p16, narrow.summary().epochs().get(2).gradients().lossScale());
        assertEquals(1, wide.summary().epochs().get(2).gradients().lossScale());
    }

    @Test
    void anOverflowOfOneWorkerSkipsTheStepOnBothAndHalvesTheScale() throws Exception {
        int rows = 40;
        Dataset<Row> data = cluster.data(rows)
                .withColumn(
                        "features",
                        functions
                                .when(
                                        functions.col("features").getItem(0).equalTo(firstFeature(rows)),
                                        functions.array_repeat(
                                                functions.lit(1e5).cast("float"), Cluster.WIDTH))
                                .otherwise(functions.col("features")));
        try (Scope scope = Scope.open();
                Block net = new Sequential(new Dense(32), new BatchNorm(), new Dense(Cluster.CLASSES))) {
            net.initialize(3);
            net.forward(NDArray.zeros(Shape.of(2, Cluster.WIDTH), DType.FLOAT32));
            NetClassifier once =
                    cluster.classifier().setNetwork(net).setBatchSize(rows).setNumWorkers(2);
            NetClassificationModel skipped =
                    once.setPrecision("float16").setMaxEpochs(2).fit(data);
            tensors(skipped)
                    .forEach((name, v) -> assertArrayEquals(
                            net.parameters().get(name).value().toFloatArray(), v.toFloatArray(), name));
            assertEquals(
                    List.of(0x1p15, 0x1p14),
                    skipped.summary().epochs().stream()
                            .map(e -> e.gradients().lossScale())
                            .toList());
            assertEquals(1, skipped.summary().epochs().get(1).gradients().skipped());
            TrainingException e = assertThrows(
                    TrainingException.class, () -> once.setMaxEpochs(30).fit(data));
            assertTrue(e.getMessage().contains("overflow float16"), e.getMessage());
        }
    }

    /** The difference that a second worker makes to a network with a norm of the batch. */
    private double differenceOfTwo(Block norm, NetClassifier classifier, int rows) throws Exception {
        Column byLabel = functions.col("label").plus(functions.lit(1)).mod(functions.lit(3));
        return differenceOfTwo(norm, classifier, cluster.data(rows).withColumn("weight", byLabel));
    }

    private static double differenceOfTwo(Block norm, NetClassifier classifier, Dataset<Row> data) throws Exception {
        classifier
                .setNetwork(new Sequential(
                        new Dense(24), norm, Activations.relu(), new SyncBatchNorm(), new Dense(Cluster.CLASSES)))
                .setOptimizer("sgd")
                .setLearningRate(0.05)
                .setWeightCol("weight")
                .setMaxEpochs(2);
        NetClassificationModel one = classifier.fit(data);
        return difference(one, classifier.setNumWorkers(2).fit(data));
    }

    @Test
    void synchronisedNormsMakeTwoWorkersOneWithTheJoinedBatch() throws Exception {
        double d = differenceOfTwo(new SyncBatchNorm(), cluster.classifier().setBatchSize(30), 120);
        assertTrue(d <= 1e-4, "relative difference between one worker and two: " + d);
        double other = differenceOfTwo(new BatchNorm(), cluster.classifier().setBatchSize(30), 120);
        assertTrue(other > 1e-3, "with a norm of each worker's own batch: " + other);
    }

    /** Without shuffling each batch is of one worker's rows alone. */
    @Test
    void workersWithoutRowsTakePartInTheNorms() throws Exception {
        NetClassifier inOrder = cluster.classifier().setShuffle(false).setBatchSize(15);
        double d = differenceOfTwo(new SyncBatchNorm(), inOrder, 60);
        assertTrue(d <= 1e-4, "relative difference between one worker and two: " + d);
        NetClassifier narrow =
                cluster.classifier().setShuffle(false).setBatchSize(15).setPrecision("float16");
        double half = differenceOfTwo(new SyncBatchNorm(), narrow, 60);
        assertTrue(half <= 0.05, "in float16: " + half);
    }

    /** A tenth of the rows weighs 1, all of them on the first worker; the batches of 20 rows are of both, or weigh nothing. */
    @Test
    void rowsThatWeighNothingCountInTheNormsOfTheirBatch() throws Exception {
        List<Row> rows = new ArrayList<>();
        for (Row r : cluster.data(60).collectAsList()) {
            rows.add(RowFactory.create(r.get(0), r.get(1), rows.size() < 6 ? 1.0 : 0.0));
        }
        StructType schema =
                new StructType(Arrays.copyOf(cluster.data(60).schema().fields(), 2));
        Dataset<Row> data = cluster.session().createDataFrame(rows, schema.add("weight", DataTypes.DoubleType, false));
        NetClassifier whole = cluster.classifier().setShuffle(false).setBatchSize(60);
        assertTrue(differenceOfTwo(new SyncBatchNorm(), whole, data) <= 1e-4);
        NetClassifier parts = cluster.classifier().setShuffle(false).setBatchSize(20);
        assertTrue(differenceOfTwo(new SyncBatchNorm(), parts, data) <= 1e-4);
    }

    private float firstFeature(int rows) {
        return cluster.data(rows).first().<Float>getList(0).get(0);
    }

    /** Is told when training has saved a snapshot, so that a test can strike in the middle of an epoch. */
    private final class SnapshotWatch extends SparkListener implements AutoCloseable {
        private final CountDownLatch seen;

        SnapshotWatch(int blocks) {
            seen = new CountDownLatch(blocks);
            cluster.session().sparkContext().addSparkListener(this);
        }

        @Override
        public void onBlockUpdated(SparkListenerBlockUpdated e) {
            if (e.blockUpdatedInfo().blockId().name().matches("broadcast_\\d+_v.*")
                    && e.blockUpdatedInfo().storageLevel().isValid()) {
                seen.countDown();
            }
        }

        void await() throws InterruptedException {
            assertTrue(seen.await(200, TimeUnit.SECONDS), "no snapshot was saved");
        }

        @Override
        public void close() {
            cluster.session().sparkContext().removeSparkListener(this);
        }
    }

    private NetClassifier longFit() {
        return cluster.classifier().setNumWorkers(2).setMaxEpochs(40).setSnapshotInterval(10);
    }

    /** The workers wait for the checkpoint of epoch 31 at the latest, which is not written before the executor was killed. */
    @Tag("core")
    @Test
    void aKilledExecutorChangesNothing(@TempDir Path directory) throws Exception {
        Dataset<Row> data = cluster.data(ROWS);
        NetClassificationModel undisturbed = longFit().fit(data);
        long victim = cluster.executors().iterator().next();
        CountDownLatch killed = new CountDownLatch(1);
        NetClassifier saving = longFit()
                .setCheckpointDir(directory.toUri().toString())
                .setEpochListener(report -> {
                    if (report.epoch() == 30) {
                        await(killed);
                    }
                });
        NetClassificationModel disturbed;
        try (SnapshotWatch watch = new SnapshotWatch(9)) {
            CompletableFuture<NetClassificationModel> fit = CompletableFuture.supplyAsync(() -> saving.fit(data));
            watch.await();
            Cluster.kill(victim);
            killed.countDown();
            disturbed = fit.get(400, TimeUnit.SECONDS);
        }
        assertEquals(1, disturbed.summary().resubmissions());
        assertEquals(40, disturbed.summary().epochs().size());
        assertArrayEquals(
                undisturbed.trainedNetwork().weights(),
                disturbed.trainedNetwork().weights());
    }

    private static void await(CountDownLatch latch) {
        try {
            assertTrue(latch.await(200, TimeUnit.SECONDS));
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void aCancelledJobEndsTheFitAndLeavesNothing() throws Exception {
        Dataset<Row> data = cluster.data(ROWS);
        try (SnapshotWatch watch = new SnapshotWatch(5)) {
            CompletableFuture<NetClassificationModel> fit = CompletableFuture.supplyAsync(() -> {
                cluster.context().setJobGroup("cell", "a notebook's cell", true);
                return longFit().setMaxEpochs(100_000).fit(data);
            });
            watch.await();
            cluster.context().cancelJobGroup("cell");
            ExecutionException e = assertThrows(ExecutionException.class, () -> fit.get(200, TimeUnit.SECONDS));
            assertTrue(e.getCause() instanceof TrainingException, e.toString());
            assertTrue(
                    e.getCause().getMessage().contains("cancelled"),
                    e.getCause().getMessage());
        }
    }

    @Test
    void anInterruptedFitEndsAndLeavesNothing() throws Exception {
        Dataset<Row> data = cluster.data(ROWS);
        try (SnapshotWatch watch = new SnapshotWatch(5)) {
            CompletableFuture<Throwable> ended = new CompletableFuture<>();
            Thread t = new Thread(() -> {
                try {
                    longFit().setMaxEpochs(100_000).fit(data);
                    ended.complete(null);
                } catch (Throwable e) {
                    ended.complete(e);
                }
            });
            t.start();
            watch.await();
            t.interrupt();
            Throwable e = ended.get(200, TimeUnit.SECONDS);
            assertNotNull(e);
            assertTrue(e.getMessage().contains("interrupted"), e.toString());
        }
    }

    @Test
    void moreWorkersThanSlotsAreRefusedAtOnce() {
        IllegalStateException e = assertThrows(
                IllegalStateException.class,
                () -> cluster.classifier().setNumWorkers(3).fit(cluster.data(ROWS)));
        assertTrue(e.getMessage().contains("3 workers") && e.getMessage().contains("room for 2"), e.getMessage());
    }

    @Test
    void aFailingWorkerIsNamedWithItsCause() {
        TrainingException e = assertThrows(TrainingException.class, () -> cluster.classifier()
                .setNumWorkers(2)
                .setLearningRate(1e30)
                .setOptimizer("sgd")
                .fit(cluster.data(ROWS)));
        assertTrue(e.getMessage().contains("diverged") && e.getMessage().contains("rank"), e.getMessage());
    }

    @Test
    void checkpointsAreWholeAndTrainingGoesOnFromThem(@TempDir Path directory) throws Exception {
        Dataset<Row> data = cluster.data(ROWS);
        NetClassificationModel whole =
                cluster.classifier().setNumWorkers(2).setMaxEpochs(4).fit(data);
        NetClassifier half = cluster.classifier()
                .setNumWorkers(2)
                .setMaxEpochs(2)
                .setCheckpointDir(directory.toUri().toString());
        half.fit(data);
        List<Path> kept;
        try (var files =
                Files.find(directory, 3, (p, a) -> p.getFileName().toString().startsWith("epoch-"))) {
            kept = files.toList();
        }
        assertEquals(1, kept.size());
        assertTrue(kept.get(0).getFileName().toString().startsWith("epoch-2-"), kept::toString);
        NetClassificationModel resumed = half.setMaxEpochs(4).fit(data);
        assertArrayEquals(
                whole.trainedNetwork().weights(), resumed.trainedNetwork().weights());
        assertEquals(4, resumed.summary().epochs().size());
    }

    @Test
    void aLoopOfOnesOwnSynchronisesNorms() {
        List<Integer> numbers = List.of(1, 2, 3, 4, 5, 6);
        List<Double> means = Kiln.run(cluster.context().parallelize(numbers, 2), 2, (ctx, kv) -> {
            List<Float> own = new ArrayList<>();
            for (int n : ctx.rows()) {
                own.add((float) n);
            }
            float[] x = new float[own.size()];
            for (int i = 0; i < x.length; i++) {
                x[i] = own.get(i);
            }
            try (Scope scope = Scope.open();
                    Autograd.Mode train = Autograd.trainMode();
                    Block norm = new SyncBatchNorm()) {
                norm.forward(NDArray.of(Shape.of(x.length, 1), x));
                return norm.parameters().get("running_mean").value().get(0);
            }
        });
        for (double mean : means) {
            assertEquals(0.35, mean, 1e-6, "a tenth of the mean of all");
        }
    }

    @Test
    void aLoopOfOnesOwnSharesAStore() {
        List<Integer> numbers = List.of(1, 2, 3, 4, 5, 6);
        List<Double> sums = Kiln.run(cluster.context().parallelize(numbers, 3), 2, (ctx, kv) -> {
            float sum = 0;
            for (int n : ctx.rows()) {
                sum += n;
            }
            try (Scope scope = Scope.open()) {
                kv.init("sum", NDArray.of(Shape.of(1), 0f));
                NDArray all = NDArray.of(Shape.of(1), sum);
                kv.pushPull("sum", all);
                return all.item();
            }
        });
        assertEquals(List.of(21.0, 21.0), sums);
    }
}
