package io.kiln.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;

class RankedPagesTest {
    private static final Path DATA = StandaloneCluster.root().resolve("examples/data/ranking");

    @Test
    void documentsOfQueriesAreRanked() throws Exception {
        try (SparkSession spark = SparkSession.builder()
                .appName("ranking")
                .master("local[2]")
                .config("spark.sql.shuffle.partitions", 2)
                .config("spark.ui.enabled", "false")
                .config("spark.driver.host", "127.0.0.1")
                .getOrCreate()) {
            assertEquals(
                    201,
                    RankedPages.read(spark, DATA.resolve("train.txt.gz"))
                            .select("query")
                            .distinct()
                            .count());
            RankedPages.Gains g = RankedPages.run(spark, DATA, 8, 1);
            assertTrue(g.lists() > 0.62 && g.rows() > 0.5, g::toString);
        }
    }
}
