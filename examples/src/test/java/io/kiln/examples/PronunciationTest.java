package io.kiln.examples;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;

class PronunciationTest {
    @Test
    void aFewEpochsAreBetterThanTheMostSimilarWord() throws Exception {
        Path folder = StandaloneCluster.root().resolve("examples/data/cmudict");
        try (SparkSession spark = SparkSession.builder()
                .appName("pronunciation")
                .master("local[2]")
                .config("spark.ui.enabled", "false")
                .config("spark.driver.host", "127.0.0.1")
                .getOrCreate()) {
            Pronunciation.Errors e = Pronunciation.run(spark, folder, 8, 1);
            assertTrue(e.greedy() < e.neighbour() && e.beams() < e.neighbour(), e::toString);
        }
    }
}
