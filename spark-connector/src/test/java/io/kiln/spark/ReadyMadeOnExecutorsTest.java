package io.kiln.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.ml.NeuralCF;
import io.kiln.ml.NeuralCFModel;
import io.kiln.ml.WideAndDeepClassificationModel;
import io.kiln.ml.WideAndDeepClassifier;
import io.kiln.ml.WideAndDeepRegressionModel;
import io.kiln.ml.WideAndDeepRegressor;
import io.kiln.spark.report.EpochReport;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** Estimators with tables of vectors, on executors with JVMs of their own. */
@Timeout(480)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ReadyMadeOnExecutorsTest {
    private final Cluster cluster = Cluster.ofExecutors(2);

    @AfterAll
    void stop() {
        cluster.close();
    }

    @Test
    void crossesAreLearnedByTwoWorkers() {
        Dataset<Row> rows = cluster.session()
                .range(0, 600, 1, 3)
                .selectExpr(
                        "concat('c', id % 4) AS city",
                        "id DIV 4 % 3 AS device", "(id % 4 + id DIV 4 % 3) % 2 AS label");
        WideAndDeepClassificationModel model = new WideAndDeepClassifier()
                .setCategoricalCols(new String[] {"city", "device"})
                .setCrossedCols(new String[] {"city:device"})
                .setHiddenLayers(new int[0])
                .setLearningRate(0.05)
                .setMaxEpochs(10)
                .setNumWorkers(2)
                .setSeed(1)
                .fit(rows);
        assertEquals(600, model.transform(rows).where("prediction = label").count());
    }

    @Test
    void numbersAreLearnedByTwoWorkersInTheLabelsUnit() {
        Dataset<Row> rows = cluster.session()
                .range(0, 600, 1, 3)
                .selectExpr(
                        "concat('c', id % 4) AS city",
                        "id DIV 4 % 3 AS device", "5000.0D + 100 * ((id % 4 + id DIV 4 % 3) % 2) AS label");
        WideAndDeepRegressionModel model = new WideAndDeepRegressor()
                .setCategoricalCols(new String[] {"city", "device"})
                .setCrossedCols(new String[] {"city:device"})
                .setHiddenLayers(new int[0])
                .setLearningRate(0.05)
                .setMaxEpochs(10)
                .setNumWorkers(2)
                .setSeed(1)
                .fit(rows);
        assertEquals(
                600, model.transform(rows).where("abs(prediction - label) < 10").count());
        EpochReport last = model.summary().epochs().get(9);
        assertTrue(last.loss() < 50 && last.loss() > 0, "half of the squared error: " + last.loss());
    }

    @Test
    void recommendationsAreTheScoresOfPairs() {
        Dataset<Row> ratings = cluster.session()
                .range(0, 1000, 1, 3)
                .selectExpr(
                        "CAST(id % 20 AS int) AS user",
                        "CAST(id DIV 20 % 50 AS int) AS item", "CAST(id % 20 % 3 + id DIV 20 % 3 AS float) AS stars");
        NeuralCFModel model = new NeuralCF()
                .setRatingCol("stars")
                .setNumWorkers(2)
                .setMaxEpochs(2)
                .setSeed(1)
                .fit(ratings);
        Map<List<Long>, Float> scores = new HashMap<>();
        for (Row r : model.transform(ratings).collectAsList()) {
            scores.put(List.of((long) r.getInt(0), (long) r.getInt(1)), r.getFloat(3));
        }
        List<Row> best = model.recommendForAllUsers(50).collectAsList();
        assertEquals(20, best.size());
        for (Row user : best) {
            List<Row> items = user.getList(1);
            assertEquals(50, items.size());
            for (Row item : items) {
                float score = scores.get(List.of(user.getLong(0), item.getLong(0)));
                assertTrue(Math.abs(item.getFloat(1) - score) < 1e-4, item + " " + score);
            }
        }
    }
}
