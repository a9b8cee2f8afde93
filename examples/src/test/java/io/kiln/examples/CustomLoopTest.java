package io.kiln.examples;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("core")
class CustomLoopTest {
    @Test
    void workersEndWithTheSameWeightsInEveryRunAndTellDigitsApart() throws Exception {
        try (SparkSession spark = SparkSession.builder()
                .master("local[2]")
                .config("spark.ui.enabled", "false")
                .getOrCreate()) {
            JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
            JavaRDD<Mnist.Digit> digits =
                    Mnist.bundled(Mnist.Part.TRAIN).first(2_000).rdd(context, 2).cache();
            List<byte[]> weights = CustomLoop.train(digits, 2, 60);
            assertEquals(2, weights.size());
            assertArrayEquals(weights.get(0), weights.get(1));
            assertArrayEquals(weights.get(0), CustomLoop.train(digits, 2, 60).get(0));
            double accuracy = CustomLoop.accuracy(weights.get(0), Mnist.bundled(Mnist.Part.TEST));
            assertTrue(accuracy > 0.75, "accuracy " + accuracy);
        }
    }
}
