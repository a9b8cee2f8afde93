package io.kiln.benchmarks.defaults;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.concat_ws;

import io.kiln.ml.TextClassifier;
import java.io.PrintWriter;
import java.nio.file.Path;
import org.apache.spark.ml.Pipeline;
import org.apache.spark.ml.PipelineStage;
import org.apache.spark.ml.classification.LinearSVC;
import org.apache.spark.ml.classification.LogisticRegression;
import org.apache.spark.ml.classification.NaiveBayes;
import org.apache.spark.ml.feature.HashingTF;
import org.apache.spark.ml.feature.IDF;
import org.apache.spark.ml.feature.RegexTokenizer;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** Spam among 1,200 mails, told by {@link TextClassifier} and by MLlib's classifiers of TF-IDF. */
final class Mails {
    private static final String WORDS = "words";
    private static final String COUNTS = "counts";
    private static final double SLIGHT = 0.001;

    private Mails() {}

    static void print(SparkSession spark, Path folder, PrintWriter out) {
        Dataset<Row> train = read(spark, folder.resolve("train.jsonl.gz"));
        Dataset<Row> test = read(spark, folder.resolve("test.jsonl.gz"));
        out.println();
        out.println("| spam, 4,846 + 1,200 mails | accuracy |");
        out.println("|---|---|");
        for (int seed = 1; seed <= 2; seed++) {
            TextClassifier kiln = new TextClassifier().setSeed(seed).setShowProgress(false);
            Scores.row(out, "TextClassifier, seed " + seed, Scores.accuracy(kiln.fit(train), test));
        }
        PipelineStage[] features = {
            new RegexTokenizer().setInputCol("text").setOutputCol(WORDS).setPattern("\\W+"),
            new HashingTF().setInputCol(WORDS).setOutputCol(COUNTS),
            new IDF().setInputCol(COUNTS).setOutputCol("features")
        };
        var tfIdf = new Pipeline().setStages(features).fit(train);
        Dataset<Row> from = tfIdf.transform(train).cache();
        Dataset<Row> to = tfIdf.transform(test).cache();
        Scores.row(out, "MLlib logistic regression", Scores.accuracy(new LogisticRegression().fit(from), to));
        Scores.row(
                out,
                "MLlib logistic regression, regParam 0.001",
                Scores.accuracy(new LogisticRegression().setRegParam(SLIGHT).fit(from), to));
        Scores.row(out, "MLlib naive Bayes", Scores.accuracy(new NaiveBayes().fit(from), to));
        Scores.row(out, "MLlib linear SVC", Scores.accuracy(new LinearSVC().fit(from), to));
        out.flush();
    }

    private static Dataset<Row> read(SparkSession spark, Path file) {
        return spark.read()
                .schema("label double, subject string, body string")
                .json(file.toString())
                .select(
                        col("label"),
                        concat_ws(" ", col("subject"), col("body")).as("text"))
                .repartition(2)
                .cache();
    }
}
