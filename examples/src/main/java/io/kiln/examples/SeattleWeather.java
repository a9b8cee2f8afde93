package io.kiln.examples;

import static org.apache.spark.sql.functions.avg;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lag;
import static org.apache.spark.sql.functions.lead;
import static org.apache.spark.sql.functions.pow;
import static org.apache.spark.sql.functions.sqrt;

import io.kiln.ml.SequenceForecaster;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.stream.IntStream;
import org.apache.spark.ml.feature.VectorAssembler;
import org.apache.spark.ml.regression.LinearRegression;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.expressions.Window;
import org.apache.spark.sql.expressions.WindowSpec;

/**
 * Forecasts the highest temperature of the next day in Seattle from the last 28 days: learned from 2012 to 2014, measured over 2015.
 * The baselines are today's temperature, and MLlib's linear regression on the same 28 days.
 */
public final class SeattleWeather {
    private static final int WINDOW = 28;
    private static final String TARGET = "temp_max";

    private SeattleWeather() {}

    /**
     * Root mean squared errors over 2015, in °C.
     *
     * @param network that of the network
     * @param today that of today's temperature as the forecast
     * @param linear that of the linear regression
     */
    public record Errors(double network, double today, double linear) {}

    /**
     * Runs the example.
     *
     * @param args the folder of the data; by default the one in the repository
     */
    public static void main(String[] args) throws IOException {
        Path folder = Path.of(args.length > 0 ? args[0] : "examples/data/weather");
        try (SparkSession spark = SparkSession.builder()
                .appName("weather")
                .master("local[2]")
                .config("spark.sql.shuffle.partitions", 2)
                .config("spark.ui.enabled", "false")
                .getOrCreate()) {
            Errors e = run(spark, folder, 1);
            System.out.printf(
                    Locale.ROOT,
                    "RMSE over 2015 in °C: network %.4f, as today %.4f, linear regression %.4f%n",
                    e.network(),
                    e.today(),
                    e.linear());
        }
    }

    static Errors run(SparkSession spark, Path folder, long seed) {
        WindowSpec byDate = Window.orderBy("date");
        Dataset<Row> days = spark.read()
                .option("header", true)
                .schema(
                        "date string, precipitation double, temp_max double, temp_min double, wind double, weather string")
                .csv(folder.resolve("seattle.csv").toString())
                .withColumn("next", lead(TARGET, 1).over(byDate))
                .cache();
        SequenceForecaster forecaster = new SequenceForecaster()
                .setTimeCol("date")
                .setTargetCol(TARGET)
                .setWindow(WINDOW)
                .setSeed(seed)
                .setShowProgress(false);
        Dataset<Row> before = days.where("date < '2015'");
        double network = error(forecaster.fit(before).transform(days), col("prediction"));
        return new Errors(network, error(days, col(TARGET)), linear(days, byDate));
    }

    /** The error of MLlib's linear regression on the values of the window. */
    private static double linear(Dataset<Row> days, WindowSpec byDate) {
        String[] lags = IntStream.range(0, WINDOW).mapToObj(i -> "lag" + i).toArray(String[]::new);
        Dataset<Row> rows = days;
        for (int i = 0; i < WINDOW; i++) {
            rows = rows.withColumn(lags[i], lag(TARGET, i).over(byDate));
        }
        Dataset<Row> windows = new VectorAssembler()
                .setInputCols(lags)
                .setOutputCol("features")
                .transform(rows.na().drop());
        // The last day before 2015 has a day of 2015 as its next one.
        Dataset<Row> train = windows.where("date < '2014/12/31'");
        return error(new LinearRegression().setLabelCol("next").fit(train).transform(windows), col("prediction"));
    }

    private static double error(Dataset<Row> rows, Column forecast) {
        return rows.where("date >= '2015' AND next IS NOT NULL")
                .select(sqrt(avg(pow(forecast.minus(col("next")), 2))))
                .head()
                .getDouble(0);
    }
}
