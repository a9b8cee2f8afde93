package io.kiln.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;

class ElectionSurveyTest {
    private static final Path FILE =
            StandaloneCluster.root().resolve("benchmarks/src/main/resources/io/kiln/benchmarks/defaults/vote.csv");

    @Test
    void theNetworkIsAboutAsGoodAsLogisticRegression() throws Exception {
        try (SparkSession spark = SparkSession.builder()
                .appName("survey")
                .master("local[2]")
                .config("spark.ui.enabled", "false")
                .config("spark.driver.host", "127.0.0.1")
                .getOrCreate()) {
            assertEquals(944, ElectionSurvey.read(spark, FILE).na().drop().count());
            ElectionSurvey.Accuracies a = ElectionSurvey.run(spark, FILE, 1);
            assertTrue(a.baseline() > 0.88 && a.network() > a.baseline() - 0.01, a::toString);
        }
    }
}
