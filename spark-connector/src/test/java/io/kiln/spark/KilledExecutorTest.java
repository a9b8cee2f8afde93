package io.kiln.spark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.format.SafeTensors;
import io.kiln.ml.NetClassificationModel;
import io.kiln.ml.NetClassifier;
import io.kiln.ml.NetEstimator;
import io.kiln.ml.NetModel;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.nn.BatchNorm;
import io.kiln.nn.Dense;
import io.kiln.nn.EmbeddingBag;
import io.kiln.nn.Functional;
import io.kiln.nn.Merge;
import io.kiln.nn.Sequential;
import io.kiln.op.activation.Activation;
import io.kiln.spark.report.EpochReport;
import io.kiln.spark.report.TrainingException;
import io.kiln.spark.report.TrainingSummary;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import javax.imageio.ImageIO;
import org.apache.spark.ml.feature.HashingTF;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerBlockUpdated;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.apache.spark.scheduler.SparkListenerTaskStart;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import scala.jdk.javaapi.CollectionConverters;

/** Executors die at every stage of a fit. */
@Timeout(240)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class KilledExecutorTest {
    private static final String FINAL = "_v" + Long.MAX_VALUE + "_";
    private final Cluster cluster = Cluster.ofExecutors(2);
    private Dataset<Row> data;
    private byte[] undisturbed;

    @BeforeAll
    void trainUndisturbed() {
        data = cluster.data(400);
        undisturbed = fit().fit(data).trainedNetwork().weights();
    }

    @AfterAll
    void stop() {
        cluster.close();
    }

    @AfterEach
    void nothingIsLeftBehind() {
        assertEquals(List.of(), cluster.blocks());
        assertEquals(Map.of(), cluster.context().getPersistentRDDs());
    }

    private NetClassifier fit() {
        return cluster.classifier().setNumWorkers(2).setMaxEpochs(3).setSnapshotInterval(5);
    }

    /** What happens in a fit that a test may wait for. */
    private enum Event {
        TASK,
        PACKED_BLOCK,
        TRAINING_STAGE,
        SNAPSHOT_BLOCK,
        FINAL_BLOCK
    }

    /** Kills executors when something has happened so many times. */
    private final class Killer extends SparkListener implements AutoCloseable {
        private final Event event;
        private final AtomicInteger left;
        private final List<Long> victims;

        Killer(Event event, int count, int victims) {
            this.event = event;
            this.left = new AtomicInteger(count);
            this.victims = cluster.executors().stream().limit(victims).toList();
            cluster.session().sparkContext().addSparkListener(this);
        }

        private void happened(Event what) {
            if (what == event && left.decrementAndGet() == 0) {
                victims.forEach(Cluster::kill);
            }
        }

        void assertHasKilled() throws TimeoutException {
            cluster.awaitListeners();
            assertTrue(left.get() <= 0, "nothing was killed");
        }

        @Override
        public void onBlockUpdated(SparkListenerBlockUpdated e) {
            String name = e.blockUpdatedInfo().blockId().name();
            if (!e.blockUpdatedInfo().storageLevel().isValid()) {
                return;
            }
            if (name.matches("broadcast_\\d+_v.*")) {
                happened(name.contains(FINAL) ? Event.FINAL_BLOCK : Event.SNAPSHOT_BLOCK);
            } else if (name.startsWith("rdd_")) {
                happened(Event.PACKED_BLOCK);
            }
        }

        @Override
        public void onTaskStart(SparkListenerTaskStart e) {
            happened(Event.TASK);
        }

        @Override
        public void onJobStart(SparkListenerJobStart e) {
            boolean barrier = CollectionConverters.asJava(e.stageInfos()).stream()
                    .flatMap(s -> CollectionConverters.asJava(s.rddInfos()).stream())
                    .anyMatch(r -> r.isBarrier());
            if (barrier) {
                happened(Event.TRAINING_STAGE);
            }
        }

        @Override
        public void close() {
            cluster.session().sparkContext().removeSparkListener(this);
        }
    }

    /** Of the final weights the first worker saves two blocks, one of them in the other executor. */
    @ParameterizedTest
    @CsvSource({
        "TASK,3,1",
        "PACKED_BLOCK,2,1",
        "TRAINING_STAGE,1,1",
        "SNAPSHOT_BLOCK,7,2",
        "FINAL_BLOCK,1,1",
        "FINAL_BLOCK,2,1",
    })
    void anExecutorLostAtAnyStageChangesNothing(Event event, int count, int victims) throws Exception {
        NetClassificationModel model;
        try (Killer killer = new Killer(event, count, victims)) {
            model = fit().fit(data);
            killer.assertHasKilled();
        }
        assertArrayEquals(undisturbed, model.trainedNetwork().weights());
        assertEquals(3, model.summary().epochs().size());
    }

    /** The states of rows are in snapshots, each in that of its owner. */
    @Test
    void anExecutorLostWhileSparseRowsTrainChangesNothing() throws Exception {
        Dataset<Row> words = data.selectExpr(
                "label", "transform(sequence(0, 6), i -> cast(pmod(hash(i, features), 500) as string)) as words");
        Dataset<Row> sparse = new HashingTF()
                .setInputCol("words")
                .setOutputCol("features")
                .setNumFeatures(1 << 14)
                .transform(words);
        byte[] expected =
                fit().setOptimizer("adam").fit(sparse).trainedNetwork().weights();
        NetClassificationModel model;
        try (Killer killer = new Killer(Event.SNAPSHOT_BLOCK, 7, 2)) {
            model = fit().setOptimizer("adam").fit(sparse);
            killer.assertHasKilled();
        }
        assertArrayEquals(expected, model.trainedNetwork().weights());
    }

    /** The losses of outputs are in the snapshots, summed over the steps so far; the metric of one of them is followed as before. */
    @Test
    void anExecutorLostChangesNoLossesOfOutputs() throws Exception {
        NetEstimator two = new NetEstimator()
                .setNetwork(new Functional("x")
                        .add("hidden", new Dense(16, Activation.RELU), "x")
                        .add("class", new Dense(Cluster.CLASSES), "hidden")
                        .add("number", new Dense(1), "hidden")
                        .outputs("class", "number"))
                .setInputCols(new String[] {"features"})
                .setInputTypes(new String[] {"float32[" + Cluster.WIDTH + "]"})
                .setTargetCols(new String[] {"label", "label"})
                .setTargetNames(new String[] {"class", "number"})
                .setLosses(new String[] {"softmaxCrossEntropy", "l2"})
                .setLossWeights(new double[] {2, 0.5})
                .setValidationIndicatorCol("held")
                .setValidationMetric("class:accuracy")
                .setEarlyStoppingPatience(2)
                .setBatchSize(32)
                .setMaxEpochs(3)
                .setLearningRate(0.01)
                .setSeed(11)
                .setNumWorkers(2)
                .setSnapshotInterval(5)
                .setTimeout(300);
        TrainingSummary expected = two.fit(data).summary();
        TrainingSummary after;
        try (Killer killer = new Killer(Event.SNAPSHOT_BLOCK, 7, 2)) {
            after = two.fit(data).summary();
            killer.assertHasKilled();
        }
        assertEquals(expected.bestEpoch(), after.bestEpoch());
        assertEquals("accuracy of class", after.metricName());
        for (int i = 0; i < expected.epochs().size(); i++) {
            EpochReport e = after.epochs().get(i);
            assertEquals(expected.epochs().get(i).quality(), e.quality());
            assertEquals(
                    e.loss(),
                    2 * e.heads().get(0).trainingLoss() + 0.5 * e.heads().get(1).trainingLoss(),
                    1e-5);
            assertEquals(e.heads().get(0).metric(), e.metric());
        }
    }

    /** Averages are in the snapshots; mix-up is drawn as before; the final weights are the averages. */
    @ParameterizedTest
    @CsvSource({"SNAPSHOT_BLOCK,7,2", "FINAL_BLOCK,1,1"})
    void anExecutorLostChangesNoAveragesAndMixtures(Event event, int count, int victims) throws Exception {
        NetClassifier refined = fit().setEmaDecay(0.9)
                .setMixup(0.4)
                .setGradientAccumulation(2)
                .setLearningRateFactors(new String[] {"0.*=2"});
        byte[] expected = refined.fit(data).trainedNetwork().weights();
        assertFalse(Arrays.equals(undisturbed, expected));
        NetClassificationModel model;
        try (Killer killer = new Killer(event, count, victims)) {
            model = refined.fit(data);
            killer.assertHasKilled();
        }
        assertArrayEquals(expected, model.trainedNetwork().weights());
    }

    /** The mean over epochs, of running statistics too, is in the snapshots. */
    @Test
    void anExecutorLostChangesNoMeanOverEpochs() throws Exception {
        NetClassifier averaged = fit().setNetwork(new Sequential(new Dense(8), new BatchNorm(), new Dense(4)))
                .setMaxEpochs(4)
                .setSwaStart(1);
        byte[] expected = averaged.fit(data).trainedNetwork().weights();
        NetClassificationModel model;
        try (Killer killer = new Killer(Event.SNAPSHOT_BLOCK, 7, 2)) {
            model = averaged.fit(data);
            killer.assertHasKilled();
        }
        assertArrayEquals(expected, model.trainedNetwork().weights());
    }

    /** Images are read from files, and drawn anew in each epoch; texts are counted before. */
    @Test
    void anExecutorLostWhileImagesAndTextsTrainChangesNothing(@TempDir Path directory) throws Exception {
        List<Row> list = new ArrayList<>();
        for (int n = 0; n < 96; n++) {
            BufferedImage image = new BufferedImage(8, 8, BufferedImage.TYPE_3BYTE_BGR);
            image.setRGB(n % 8, n % 5, 0xff8020 + n);
            Path file = directory.resolve(n + ".png");
            ImageIO.write(image, "png", file.toFile());
            list.add(RowFactory.create(file.toString(), "word" + n % 7 + " of " + n, n % 2));
        }
        Dataset<Row> rows = cluster.session()
                .createDataFrame(
                        cluster.context().parallelize(list, 3),
                        new StructType()
                                .add("path", DataTypes.StringType)
                                .add("text", DataTypes.StringType)
                                .add("label", DataTypes.IntegerType));
        Functional network = new Functional("image", "text", "text_length")
                .add("pixels", new Dense(4), "image")
                .add("words", new EmbeddingBag(20, 4), "text", "text_length")
                .add("all", Merge.concat(1), "pixels", "words")
                .add("score", new Dense(2), "all");
        NetEstimator estimator = new NetEstimator()
                .setNetwork(network)
                .setInputCols(new String[] {"path", "text"})
                .setInputTypes(new String[] {"image[3,8,8]", "words index(20)"})
                .setImageTransforms(new String[] {"flipHorizontally", "{\"colourJitter\":{\"brightness\":0.3}}"})
                .setInputScale(1 / 255.0)
                .setTargetCols(new String[] {"label"})
                .setLosses(new String[] {"softmaxCrossEntropy"})
                .setBatchSize(16)
                .setMaxEpochs(3)
                .setSeed(5)
                .setSnapshotInterval(3)
                .setTimeout(300);
        byte[] alone = estimator.fit(rows).trainedNetwork().weights();
        byte[] expected = estimator.setNumWorkers(2).fit(rows).trainedNetwork().weights();
        try (Scope scope = Scope.open()) {
            Map<String, NDArray> one = SafeTensors.read(alone).tensors();
            SafeTensors.read(expected)
                    .tensors()
                    .forEach((name, w) -> assertArrayEquals(
                            one.get(name).toFloatArray(),
                            w.toFloatArray(),
                            1e-4f,
                            name + ": the draws depend on the workers"));
        }
        NetModel model;
        try (Killer killer = new Killer(Event.SNAPSHOT_BLOCK, 7, 2)) {
            model = estimator.fit(rows);
            killer.assertHasKilled();
        }
        assertArrayEquals(expected, model.trainedNetwork().weights());
        assertEquals(20, model.vocabulary("text").length);
        assertEquals(
                96,
                model.transform(rows)
                        .where("score is not null")
                        .collectAsList()
                        .size()); // count() would leave a shuffle
    }

    /**
     * The listener is called by the thread that writes checkpoints, for which the workers wait: the fit cannot end before it kills,
     * and each loss comes after another epoch. The second victim is the survivor of the first loss.
     */
    @Test
    void lossesWithProgressBetweenThemDoNotAddUp(@TempDir Path directory) {
        Map<Integer, Long> victims = new TreeMap<>();
        cluster.executors().forEach(process -> victims.put(3 + 2 * victims.size(), process));
        NetClassificationModel model = fit().setMaxResubmissions(1)
                .setMaxEpochs(8)
                .setCheckpointDir(directory.toUri().toString())
                .setEpochListener(report -> {
                    Long victim = victims.remove(report.epoch());
                    if (victim != null) {
                        Cluster.kill(victim);
                    }
                })
                .fit(data);
        assertEquals(Map.of(), victims, "not killed");
        assertEquals(2, model.summary().resubmissions());
    }

    /** Spark takes the function for deterministic, as it is not told otherwise. */
    @Test
    void rowsComputedAgainWithOtherValuesEndTheFitAndNameThePartition() {
        UDF1<Double, Double> noise = x -> x + Math.random() * 1e-3;
        Dataset<Row> changing = data.withColumn(
                "weight", functions.udf(noise, DataTypes.DoubleType).apply(functions.lit(1.0)));
        try (Killer killer = new Killer(Event.SNAPSHOT_BLOCK, 7, 2)) {
            TrainingException e = assertThrows(
                    TrainingException.class,
                    () -> fit().setMaxEpochs(100_000).setWeightCol("weight").fit(changing));
            assertTrue(
                    e.getMessage()
                            .matches("(?s).*partition \\d of the DataFrame was computed again.*not deterministic.*"),
                    e.getMessage());
        }
    }
}
