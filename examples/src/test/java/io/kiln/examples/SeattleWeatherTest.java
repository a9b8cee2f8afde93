package io.kiln.examples;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;

class SeattleWeatherTest {
    @Test
    void theNetworkIsBetterThanTodaysTemperature() throws Exception {
        Path folder = StandaloneCluster.root().resolve("examples/data/weather");
        try (SparkSession spark = SparkSession.builder()
                .appName("weather")
                .master("local[2]")
                .config("spark.sql.shuffle.partitions", 2)
                .config("spark.ui.enabled", "false")
                .config("spark.driver.host", "127.0.0.1")
                .getOrCreate()) {
            SeattleWeather.Errors e = SeattleWeather.run(spark, folder, 1);
            assertTrue(e.network() < e.today() && e.network() < 1.05 * e.linear(), e::toString);
        }
    }
}
