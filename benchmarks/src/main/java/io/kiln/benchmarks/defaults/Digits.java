package io.kiln.benchmarks.defaults;

import io.kiln.examples.Mnist;
import io.kiln.ml.ImageClassifier;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;
import org.apache.spark.ml.classification.LogisticRegression;
import org.apache.spark.ml.classification.MultilayerPerceptronClassifier;
import org.apache.spark.ml.classification.RandomForestClassifier;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.ml.linalg.Vectors;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** MNIST's digits as image files, told by {@link ImageClassifier} and, as vectors of pixels, by MLlib's classifiers. */
final class Digits {
    private static final int HIDDEN = 64;
    private static final int ITERATIONS = 200;

    private Digits() {}

    static void print(SparkSession spark, PrintWriter out) throws IOException {
        Dataset<Row> train = read(spark, Mnist.bundled(Mnist.Part.TRAIN));
        Dataset<Row> test = read(spark, Mnist.bundled(Mnist.Part.TEST));
        out.println();
        out.println("| MNIST, 8,000 + 2,000 digits as PNG | accuracy |");
        out.println("|---|---|");
        ImageClassifier kiln =
                new ImageClassifier().setBackbone("lenet").setSeed(1).setShowProgress(false);
        Scores.row(out, "ImageClassifier, lenet", Scores.accuracy(kiln.fit(train), test));
        Scores.row(out, "MLlib logistic regression", Scores.accuracy(new LogisticRegression().fit(train), test));
        Scores.row(
                out,
                "MLlib random forest",
                Scores.accuracy(new RandomForestClassifier().setSeed(1).fit(train), test));
        MultilayerPerceptronClassifier mlp = new MultilayerPerceptronClassifier()
                .setLayers(new int[] {Mnist.SIDE * Mnist.SIDE, HIDDEN, Mnist.CLASSES})
                .setMaxIter(ITERATIONS)
                .setSeed(1);
        Scores.row(out, "MLlib perceptron, 64 hidden units", Scores.accuracy(mlp.fit(train), test));
        out.flush();
    }

    private static Dataset<Row> read(SparkSession spark, Mnist digits) throws IOException {
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < digits.size(); i++) {
            float[] pixels = digits.pixels(i);
            double[] x = new double[pixels.length];
            BufferedImage image = new BufferedImage(Mnist.SIDE, Mnist.SIDE, BufferedImage.TYPE_BYTE_GRAY);
            for (int k = 0; k < pixels.length; k++) {
                x[k] = pixels[k];
                image.getRaster().setSample(k % Mnist.SIDE, k / Mnist.SIDE, 0, Math.round(255 * pixels[k]));
            }
            ByteArrayOutputStream png = new ByteArrayOutputStream();
            ImageIO.write(image, "png", png);
            rows.add(RowFactory.create(png.toByteArray(), Vectors.dense(x), (double) digits.label(i)));
        }
        StructType schema = new StructType()
                .add("image", DataTypes.BinaryType)
                .add("features", SQLDataTypes.VectorType())
                .add("label", DataTypes.DoubleType);
        return spark.createDataFrame(rows, schema).repartition(2).cache();
    }
}
