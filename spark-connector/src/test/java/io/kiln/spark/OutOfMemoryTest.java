package io.kiln.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.ml.NetClassificationModel;
import io.kiln.ml.NetClassifier;
import io.kiln.nn.Dense;
import io.kiln.nn.Sequential;
import io.kiln.op.activation.Activation;
import io.kiln.spark.report.TrainingException;
import java.util.Set;
import org.apache.spark.SparkException;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Executors whose engines may hold 64 MiB. */
@Timeout(240)
class OutOfMemoryTest {
    private static NetClassifier fit(Cluster cluster, int hidden) {
        return cluster.classifier()
                .setNetwork(new Sequential(new Dense(hidden, Activation.RELU), new Dense(Cluster.CLASSES)))
                .setNumWorkers(2)
                .setMaxEpochs(1)
                .setTimeout(60);
    }

    @Test
    void memoryThatIsTooSmallEndsTheStepAndNoExecutor() {
        try (Cluster cluster = Cluster.ofExecutors(2, " -Dkiln.memory.limit=64m")) {
            Dataset<Row> data = cluster.data(200);
            Set<Long> before = cluster.executors();
            TrainingException e = assertThrows(
                    TrainingException.class, () -> fit(cluster, 2_000_000).fit(data));
            assertTrue(e.getMessage().contains("lower batchSize"), e.getMessage());
            assertTrue(e.getMessage().contains("the budget is 67108864 bytes"), e.getMessage());
            assertTrue(e.getMessage().contains("(rank "), e.getMessage());
            NetClassificationModel model = fit(cluster, 4096).fit(data);
            Dataset<Row> many = cluster.data(20_000);
            model.setPredictionBatchSize(20_000);
            SparkException p = assertThrows(
                    SparkException.class,
                    () -> model.transform(many).select("prediction").collectAsList());
            assertTrue(p.getMessage().contains("lower predictionBatchSize"), p.getMessage());
            model.setPredictionBatchSize(200);
            assertEquals(
                    20_000,
                    model.transform(many).select("prediction").collectAsList().size());
            assertEquals(before, cluster.executors(), "the processes are the same");
        }
    }
}
