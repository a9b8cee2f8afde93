package io.kiln.examples;

import static org.apache.spark.sql.functions.col;

import io.kiln.ml.NetEstimator;
import io.kiln.ml.NetModel;
import io.kiln.nn.Conv2D;
import io.kiln.nn.Dense;
import io.kiln.nn.Flatten;
import io.kiln.nn.Functional;
import io.kiln.nn.Pool;
import io.kiln.nn.Sequential;
import io.kiln.op.activation.Activation;
import java.io.IOException;
import java.util.Locale;
import org.apache.spark.ml.classification.LogisticRegression;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * Learns the digits 5 to 9 from 100 images by transfer: a network has learned 0 to 4 from many, its convolutions are kept as they are, and
 * only a new head is trained. The baseline is the same network trained on the 100 images alone. Their features also serve MLlib's logistic
 * regression, which learns the 100 images from a column of the model.
 */
public final class FewDigits {
    private static final int FEW = 100;
    private static final int HALF = Mnist.CLASSES / 2;

    private FewDigits() {}

    /**
     * Accuracies on the test digits 5 to 9.
     *
     * @param transferred that of the new head on convolutions trained on 0 to 4
     * @param features that of MLlib's logistic regression on the features of these convolutions
     * @param scratch that of the network trained on the few digits alone
     */
    public record Accuracies(double transferred, double features, double scratch) {}

    /** Runs the example. */
    public static void main(String[] args) throws IOException {
        try (SparkSession spark = SparkSession.builder()
                .appName("few digits")
                .master("local[2]")
                .config("spark.ui.enabled", "false")
                .getOrCreate()) {
            Accuracies a = run(spark, 3, 1);
            System.out.printf(
                    Locale.ROOT,
                    "accuracy on digits 5 to 9 after %d: with the convolutions of 0 to 4 %.4f, logistic regression on their features %.4f, from scratch %.4f%n",
                    FEW,
                    a.transferred(),
                    a.features(),
                    a.scratch());
        }
    }

    private static Functional network() {
        Sequential body = new Sequential(
                Conv2D.builder()
                        .channels(16)
                        .kernel(3)
                        .pad(1)
                        .activation(Activation.RELU)
                        .build(),
                Pool.max2D(2, 2),
                Conv2D.builder()
                        .channels(32)
                        .kernel(3)
                        .pad(1)
                        .activation(Activation.RELU)
                        .build(),
                Pool.max2D(2, 2),
                new Flatten());
        return new Functional("image")
                .add("body", body, "image")
                .add("head", new Sequential(new Dense(64, Activation.RELU), new Dense(HALF)), "body");
    }

    private static NetEstimator estimator(long seed) {
        return new NetEstimator()
                .setNetwork(network())
                .setInputCols(new String[] {"features"})
                .setInputTypes(new String[] {"float32[1,28,28]"})
                .setTargetCols(new String[] {"label"})
                .setLosses(new String[] {"softmaxCrossEntropy"})
                .setLearningRate(0.002)
                .setShowProgress(false)
                .setSeed(seed);
    }

    static Accuracies run(SparkSession spark, int lowerEpochs, long seed) throws IOException {
        Dataset<Row> train =
                Mnist.bundled(Mnist.Part.TRAIN).toDataFrame(spark, 2).cache();
        Dataset<Row> few = upper(train).limit(FEW).coalesce(2).cache();
        Dataset<Row> test =
                upper(Mnist.bundled(Mnist.Part.TEST).toDataFrame(spark, 2)).cache();
        NetModel lower = estimator(seed)
                .setBatchSize(64)
                .setMaxEpochs(lowerEpochs)
                .fit(train.where(col("label").lt(HALF)));
        NetEstimator again = estimator(seed).setBatchSize(16).setMaxEpochs(30);
        double scratch = accuracy(digits(again.fit(few), test));
        NetModel transferred = again.setInitialModel(lower)
                .setReinitialized(new String[] {"head.*"})
                .setFrozen(new String[] {"body.*"})
                .fit(few);
        double classifier = accuracy(new LogisticRegression()
                .setRegParam(0.01)
                .fit(features(lower, few))
                .transform(features(lower, test)));
        return new Accuracies(accuracy(digits(transferred, test)), classifier, scratch);
    }

    /** The digits 5 to 9, as classes 0 to 4. */
    private static Dataset<Row> upper(Dataset<Row> digits) {
        return digits.where(col("label").geq(HALF))
                .withColumn("label", col("label").minus(HALF));
    }

    private static Dataset<Row> digits(NetModel model, Dataset<Row> rows) {
        return model.setOutputNames(new String[] {"argmax(head)"})
                .setOutputCols(new String[] {"prediction"})
                .transform(rows);
    }

    private static Dataset<Row> features(NetModel model, Dataset<Row> rows) {
        return model.setOutputNames(new String[] {"body"})
                .setOutputCols(new String[] {"body"})
                .transform(rows)
                .select(col("body").as("features"), col("label"));
    }

    private static double accuracy(Dataset<Row> predicted) {
        return (double) predicted.where(col("prediction").equalTo(col("label"))).count() / predicted.count();
    }
}
