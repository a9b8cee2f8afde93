package io.kiln.examples;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.expr;

import io.kiln.ml.NetEstimator;
import io.kiln.ml.NetModel;
import io.kiln.nn.Dense;
import io.kiln.nn.EmbeddingBag;
import io.kiln.nn.Functional;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import org.apache.spark.ml.classification.LogisticRegression;
import org.apache.spark.ml.feature.HashingTF;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * Tells spam from other mails: each word is the number of a row of an embedding table, mails are sequences of numbers of
 * different lengths, and a mail is the mean of its words. The baseline is MLlib's logistic regression on the counts of
 * the same words.
 */
public final class SpamMails {
    private static final int WORDS = 1 << 15;

    private SpamMails() {}

    /**
     * Accuracies on the test mails.
     *
     * @param network that of the network
     * @param baseline that of the logistic regression
     */
    public record Accuracies(double network, double baseline) {}

    /**
     * Runs the example.
     *
     * @param args the folder with the mails; by default that of the examples
     */
    public static void main(String[] args) throws IOException {
        Path mails = Path.of(args.length > 0 ? args[0] : "examples/data/spam");
        try (SparkSession spark = SparkSession.builder()
                .appName("spam")
                .master("local[2]")
                .config("spark.ui.enabled", "false")
                .getOrCreate()) {
            Accuracies a = run(spark, mails, 10);
            System.out.printf(
                    Locale.ROOT,
                    "accuracy on 1,200 mails: network %.4f, logistic regression %.4f%n",
                    a.network(),
                    a.baseline());
        }
    }

    static Accuracies run(SparkSession spark, Path mails, int epochs) {
        Dataset<Row> train = read(spark, mails.resolve("train.jsonl.gz"));
        Dataset<Row> test = read(spark, mails.resolve("test.jsonl.gz"));
        Functional network = new Functional("words", "words_length")
                .add("mail", new EmbeddingBag(WORDS, 32), "words", "words_length")
                .add("spam", new Dense(2), "mail");
        NetModel model = new NetEstimator()
                .setNetwork(network)
                .setInputCols(new String[] {"numbers"})
                .setInputNames(new String[] {"words"})
                .setMaxLength(256)
                .setLengthBuckets(new int[] {64, 256})
                .setTargetCols(new String[] {"label"})
                .setLosses(new String[] {"softmaxCrossEntropy"})
                .setLearningRate(0.01)
                .setBatchSize(64)
                .setMaxEpochs(epochs)
                .setSeed(1)
                .fit(train);
        Dataset<Row> predicted = model.setOutputNames(new String[] {"argmax(spam)", "mail"})
                .setOutputCols(new String[] {"prediction", "mailVector"})
                .transform(test);
        HashingTF counts =
                new HashingTF().setInputCol("words").setOutputCol("features").setNumFeatures(WORDS);
        Dataset<Row> baseline = new LogisticRegression()
                .setRegParam(0.001)
                .fit(counts.transform(train))
                .transform(counts.transform(test));
        return new Accuracies(accuracy(predicted), accuracy(baseline));
    }

    /** Mails with their words and the words' numbers. */
    private static Dataset<Row> read(SparkSession spark, Path file) {
        return spark.read()
                .json(file.toString())
                .withColumn(
                        "words",
                        expr("filter(split(lower(concat_ws(' ', subject, body)), '[^a-z0-9$!]+'), w -> w <> '')"))
                .withColumn("numbers", expr("transform(words, w -> pmod(hash(w), " + WORDS + "))"))
                .select("label", "words", "numbers")
                .repartition(2)
                .cache();
    }

    private static double accuracy(Dataset<Row> predicted) {
        return (double) predicted.where(col("prediction").equalTo(col("label"))).count() / predicted.count();
    }
}
