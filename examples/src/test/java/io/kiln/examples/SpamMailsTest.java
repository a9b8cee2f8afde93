package io.kiln.examples;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;

class SpamMailsTest {
    @Test
    void theNetworkIsAboutAsGoodAsLogisticRegression() throws Exception {
        Path mails = StandaloneCluster.root().resolve("examples/data/spam");
        try (SparkSession spark = SparkSession.builder()
                .appName("spam")
                .master("local[2]")
                .config("spark.ui.enabled", "false")
                .config("spark.driver.host", "127.0.0.1")
                .getOrCreate()) {
            SpamMails.Accuracies a = SpamMails.run(spark, mails, 5);
            assertTrue(a.baseline() > 0.95 && a.network() > a.baseline() - 0.01, a::toString);
        }
    }
}
