package io.kiln.examples;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.concat_ws;
import static org.apache.spark.sql.functions.lag;
import static org.apache.spark.sql.functions.lead;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.pow;
import static org.apache.spark.sql.functions.sqrt;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.ml.ImageClassifier;
import io.kiln.ml.SequenceForecaster;
import io.kiln.ml.TextClassifier;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.ml.Pipeline;
import org.apache.spark.ml.PipelineStage;
import org.apache.spark.ml.Transformer;
import org.apache.spark.ml.classification.LogisticRegression;
import org.apache.spark.ml.classification.NaiveBayes;
import org.apache.spark.ml.feature.HashingTF;
import org.apache.spark.ml.feature.IDF;
import org.apache.spark.ml.feature.RegexTokenizer;
import org.apache.spark.ml.feature.VectorAssembler;
import org.apache.spark.ml.regression.LinearRegression;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.expressions.Window;
import org.apache.spark.sql.expressions.WindowSpec;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Estimators that make their network, on real data, beside MLlib's. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ReadyMadeTest {
    private SparkSession spark;

    @BeforeAll
    void start() {
        spark = SparkSession.builder()
                .appName("ready-made")
                .master("local[2]")
                .config("spark.ui.enabled", "false")
                .config("spark.driver.host", "127.0.0.1")
                .config("spark.sql.shuffle.partitions", "2")
                .getOrCreate();
    }

    @AfterAll
    void stop() {
        spark.stop();
    }

    private static double accuracy(Transformer model, Dataset<Row> test) {
        Dataset<Row> found = model.transform(test);
        return (double) found.where("prediction = label").count() / found.count();
    }

    @Test
    void spamIsToldFromItsText() {
        Dataset<Row> train = mails("train");
        Dataset<Row> test = mails("test");
        double kiln = accuracy(
                new TextClassifier()
                        .setMaxLength(256)
                        .setLearningRate(0.003)
                        .setMaxEpochs(6)
                        .setSeed(1)
                        .fit(train),
                test);
        double bayes = accuracy(
                new Pipeline()
                        .setStages(new PipelineStage[] {
                            new RegexTokenizer()
                                    .setInputCol("text")
                                    .setOutputCol("words")
                                    .setPattern("\\W+"),
                            new HashingTF().setInputCol("words").setOutputCol("counts"),
                            new IDF().setInputCol("counts").setOutputCol("features"),
                            new NaiveBayes()
                        })
                        .fit(train),
                test);
        assertTrue(bayes > 0.97 && kiln > bayes - 0.005, kiln + " beside " + bayes);
    }

    private Dataset<Row> mails(String part) {
        return spark.read()
                .schema("label double, subject string, body string")
                .json(StandaloneCluster.root()
                        .resolve("examples/data/spam/" + part + ".jsonl.gz")
                        .toString())
                .select(
                        col("label"),
                        concat_ws(" ", col("subject"), col("body")).as("text"))
                .repartition(2)
                .cache();
    }

    @Test
    void digitsAreToldFromImages() throws Exception {
        Dataset<Row> train = digits(Mnist.bundled(Mnist.Part.TRAIN).first(2000));
        Dataset<Row> test = digits(Mnist.bundled(Mnist.Part.TEST));
        double kiln = accuracy(
                new ImageClassifier()
                        .setBackbone("lenet")
                        .setBatchSize(32)
                        .setMaxEpochs(3)
                        .setSeed(1)
                        .fit(train),
                test);
        double linear = accuracy(new LogisticRegression().setMaxIter(30).fit(train), test);
        assertTrue(linear > 0.8 && kiln > linear + 0.03, kiln + " beside " + linear);
    }

    private Dataset<Row> digits(Mnist digits) {
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < digits.size(); i++) {
            float[] pixels = digits.pixels(i);
            byte[] bytes = new byte[pixels.length];
            double[] x = new double[pixels.length];
            for (int k = 0; k < bytes.length; k++) {
                bytes[k] = (byte) Math.round(255 * pixels[k]);
                x[k] = pixels[k];
            }
            rows.add(RowFactory.create(
                    RowFactory.create("", Mnist.SIDE, Mnist.SIDE, 1, 0, bytes),
                    org.apache.spark.ml.linalg.Vectors.dense(x),
                    (double) digits.label(i)));
        }
        StructType image = new StructType()
                .add("origin", DataTypes.StringType)
                .add("height", DataTypes.IntegerType)
                .add("width", DataTypes.IntegerType)
                .add("nChannels", DataTypes.IntegerType)
                .add("mode", DataTypes.IntegerType)
                .add("data", DataTypes.BinaryType);
        return spark.createDataFrame(
                        rows,
                        new StructType()
                                .add("image", image)
                                .add("features", org.apache.spark.ml.linalg.SQLDataTypes.VectorType())
                                .add("label", DataTypes.DoubleType))
                .repartition(2)
                .cache();
    }

    @Test
    void tomorrowsTemperatureIsForecastFromThePast() {
        Dataset<Row> days = spark.read()
                .option("header", true)
                .schema(
                        "date string, precipitation double, temp_max double, temp_min double, wind double, weather string")
                .csv(StandaloneCluster.root()
                        .resolve("examples/data/weather/seattle.csv")
                        .toString())
                .cache();
        WindowSpec byDate = Window.orderBy("date");
        Column tomorrow = lead("temp_max", 1).over(byDate);
        Dataset<Row> found = new SequenceForecaster()
                .setTimeCol("date")
                .setTargetCol("temp_max")
                .setWindow(28)
                .setSeed(1)
                .fit(days.where("date < '2015'"))
                .transform(days)
                .withColumn("tomorrow", tomorrow);
        double kiln = error(found, col("prediction"));
        double naive = error(found, col("temp_max"));
        double week = error(found.withColumn("week", lag("temp_max", 6).over(byDate)), col("week"));
        Column[] lags = IntStream.range(0, 28)
                .mapToObj(i -> lag("temp_max", i).over(byDate).as("lag" + i))
                .toArray(Column[]::new);
        Dataset<Row> wide = days.select(col("date"), tomorrow.as("tomorrow"))
                .join(days.select(concat(col("date"), lags)), "date")
                .na()
                .drop();
        Dataset<Row> assembled = new VectorAssembler()
                .setInputCols(IntStream.range(0, 28).mapToObj(i -> "lag" + i).toArray(String[]::new))
                .setOutputCol("features")
                .transform(wide);
        Dataset<Row> linear = new LinearRegression()
                .setLabelCol("tomorrow")
                .fit(assembled.where("date < '2014-12-31'"))
                .transform(assembled);
        double regression = error(linear, col("prediction"));
        String all = "kiln %.3f, naive %.3f, week before %.3f, linear %.3f".formatted(kiln, naive, week, regression);
        assertTrue(kiln < 0.96 * naive && kiln < week && kiln < 1.02 * regression, all);
    }

    private static Column[] concat(Column first, Column... rest) {
        Column[] all = new Column[rest.length + 1];
        all[0] = first;
        System.arraycopy(rest, 0, all, 1, rest.length);
        return all;
    }

    /** RMSE over the days of 2015. */
    private static double error(Dataset<Row> rows, Column forecast) {
        return rows.where(col("date").geq(lit("2015")).and(col("tomorrow").isNotNull()))
                .select(sqrt(org.apache.spark.sql.functions.avg(pow(forecast.minus(col("tomorrow")), lit(2)))))
                .head()
                .getDouble(0);
    }
}
