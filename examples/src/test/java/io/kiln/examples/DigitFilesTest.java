package io.kiln.examples;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DigitFilesTest {
    @Test
    void digitsAreLearnedFromFiles(@TempDir Path folder) throws Exception {
        try (SparkSession spark = SparkSession.builder()
                .appName("digits")
                .master("local[2]")
                .config("spark.ui.enabled", "false")
                .config("spark.driver.host", "127.0.0.1")
                .getOrCreate()) {
            DigitFiles.Accuracies a = DigitFiles.run(spark, folder, 500, 4);
            assertTrue(a.still() > 0.75 && a.moved() > 0.6, a::toString);
        }
    }
}
