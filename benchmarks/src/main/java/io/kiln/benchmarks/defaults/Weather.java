package io.kiln.benchmarks.defaults;

import static org.apache.spark.sql.functions.avg;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lag;
import static org.apache.spark.sql.functions.lead;
import static org.apache.spark.sql.functions.pow;
import static org.apache.spark.sql.functions.sqrt;

import io.kiln.ml.SequenceForecaster;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.stream.IntStream;
import org.apache.spark.ml.feature.VectorAssembler;
import org.apache.spark.ml.regression.LinearRegression;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.expressions.Window;
import org.apache.spark.sql.expressions.WindowSpec;

/** The highest temperature of the next day in Seattle, by {@link SequenceForecaster} and others; trained before 2015. */
final class Weather {
    private static final int WINDOW = 28;
    private static final int WEEK = 6;
    private static final String TARGET = "temp_max";
    private static final String NEXT = "next";

    private Weather() {}

    static void print(SparkSession spark, Path folder, PrintWriter out) {
        WindowSpec byDate = Window.orderBy("date");
        Dataset<Row> days = spark.read()
                .option("header", true)
                .schema(
                        "date string, precipitation double, temp_max double, temp_min double, wind double, weather string")
                .csv(folder.resolve("seattle.csv").toString())
                .withColumn(NEXT, lead(TARGET, 1).over(byDate))
                .withColumn("week", lag(TARGET, WEEK).over(byDate))
                .cache();
        out.println();
        out.println("| Seattle, 1,096 + 365 days, windows of 28 | RMSE in °C |");
        out.println("|---|---|");
        for (String encoder : new String[] {"gru", "lstm", "tcn", "linear"}) {
            for (int seed = 1; seed <= (encoder.equals("gru") ? 3 : 1); seed++) {
                Dataset<Row> forecast = new SequenceForecaster()
                        .setTimeCol("date")
                        .setTargetCol(TARGET)
                        .setWindow(WINDOW)
                        .setEncoder(encoder)
                        .setSeed(seed)
                        .setShowProgress(false)
                        .fit(days.where("date < '2015'"))
                        .transform(days);
                Scores.row(
                        out, "SequenceForecaster, " + encoder + ", seed " + seed, error(forecast, col("prediction")));
            }
        }
        Scores.row(out, "as today", error(days, col(TARGET)));
        Scores.row(out, "as six days ago, a week before the next day", error(days, col("week")));
        String[] names = IntStream.range(0, WINDOW).mapToObj(i -> "lag" + i).toArray(String[]::new);
        Dataset<Row> lags = days;
        for (int i = 0; i < WINDOW; i++) {
            lags = lags.withColumn(names[i], lag(TARGET, i).over(byDate));
        }
        Dataset<Row> vectors = new VectorAssembler()
                .setInputCols(names)
                .setOutputCol("features")
                .transform(lags.na().drop());
        Dataset<Row> linear = new LinearRegression()
                .setLabelCol(NEXT)
                .fit(vectors.where("date < '2014/12/31'")) // its next day is of 2015
                .transform(vectors);
        Scores.row(out, "MLlib linear regression on 28 lags", error(linear, col("prediction")));
    }

    private static double error(Dataset<Row> rows, Column forecast) {
        return rows.where("date >= '2015' AND next IS NOT NULL")
                .select(sqrt(avg(pow(forecast.minus(col(NEXT)), 2))))
                .head()
                .getDouble(0);
    }
}
