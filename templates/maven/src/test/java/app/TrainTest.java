package app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.apache.spark.ml.PipelineModel;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainTest {
    @Test
    void aModelThatWasSavedPredictsTheSame(@TempDir Path folder) throws Exception {
        try (SparkSession spark = SparkSession.builder()
                .master("local[2]")
                .config("spark.ui.enabled", false)
                .config("spark.driver.bindAddress", "127.0.0.1")
                .getOrCreate()) {
            Dataset<Row>[] rows = Train.read(spark, "data/wine.csv").randomSplit(new double[] {0.75, 0.25}, 1);
            PipelineModel model = Train.fit(rows[0], 2);
            double accuracy = Train.accuracy(model, rows[1]);
            assertTrue(accuracy > 0.9, "accuracy " + accuracy);
            String path = folder.resolve("model").toString();
            model.save(path);
            assertEquals(accuracy, Train.accuracy(PipelineModel.load(path), rows[1]));
        }
    }
}
