package io.kiln.examples;

import static org.junit.jupiter.api.Assertions.assertTrue;

import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;

class FewDigitsTest {
    @Test
    void convolutionsOfOtherDigitsAreBetterThanRandomOnes() throws Exception {
        try (SparkSession spark = SparkSession.builder()
                .appName("few digits")
                .master("local[2]")
                .config("spark.ui.enabled", "false")
                .config("spark.driver.host", "127.0.0.1")
                .getOrCreate()) {
            FewDigits.Accuracies a = FewDigits.run(spark, 3, 1);
            assertTrue(a.transferred() > a.scratch() && a.transferred() > 0.87 && a.features() > 0.86, a::toString);
        }
    }
}
