package io.kiln.examples;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.regexp_extract;

import io.kiln.ml.NetEstimator;
import io.kiln.ml.NetModel;
import io.kiln.nn.zoo.LeNet;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import javax.imageio.ImageIO;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * Learns handwritten digits from image files: a column has their paths, and the classes are the names of their folders. Few digits
 * are known, so that each is moved at random in each epoch; the baseline learns from them as they are.
 */
public final class DigitFiles {
    private static final int DIGITS = 1000;
    private static final int EPOCHS = 30;

    private DigitFiles() {}

    /**
     * Accuracies on the test digits.
     *
     * @param moved after training with digits that are moved in each epoch
     * @param still after training with digits as they are
     */
    public record Accuracies(double moved, double still) {}

    /**
     * Runs the example.
     *
     * @param args the folder for the files; by default a temporary one
     */
    public static void main(String[] args) throws IOException {
        Path folder = args.length > 0 ? Path.of(args[0]) : Files.createTempDirectory("digits");
        try (SparkSession spark = SparkSession.builder()
                .appName("digits")
                .master("local[2]")
                .config("spark.ui.enabled", "false")
                .getOrCreate()) {
            Accuracies a = run(spark, folder, DIGITS, EPOCHS);
            System.out.printf(
                    Locale.ROOT,
                    "accuracy on 2,000 digits after %,d: %.4f if they are moved in each epoch, %.4f if not%n",
                    DIGITS,
                    a.moved(),
                    a.still());
        }
    }

    static Accuracies run(SparkSession spark, Path folder, int digits, int epochs) throws IOException {
        write(Mnist.bundled(Mnist.Part.TRAIN).first(digits), folder.resolve("train"));
        write(Mnist.bundled(Mnist.Part.TEST), folder.resolve("test"));
        Dataset<Row> train = read(spark, folder.resolve("train"));
        Dataset<Row> test = read(spark, folder.resolve("test"));
        NetEstimator estimator = new NetEstimator()
                .setNetwork(LeNet.of(Mnist.CLASSES))
                .setInputCols(new String[] {"path"})
                .setInputTypes(new String[] {"image[1,28,28]"})
                .setInputScale(1 / 255.0)
                .setTargetCols(new String[] {"label"})
                .setLosses(new String[] {"softmaxCrossEntropy"})
                .setLearningRate(0.002)
                .setBatchSize(32)
                .setMaxEpochs(epochs)
                .setCoresPerWorker(2)
                .setSeed(1);
        double still = accuracy(estimator.fit(train), test);
        String[] moves = {"{\"padBorder\":{\"pixels\":2}}", "{\"randomCrop\":{\"height\":28,\"width\":28}}"};
        double moved = accuracy(estimator.setImageTransforms(moves).fit(train), test);
        return new Accuracies(moved, still);
    }

    /** Writes digits as {@code folder/label/number.png}. */
    private static void write(Mnist digits, Path folder) throws IOException {
        for (int i = 0; i < digits.size(); i++) {
            BufferedImage image = new BufferedImage(Mnist.SIDE, Mnist.SIDE, BufferedImage.TYPE_BYTE_GRAY);
            float[] pixels = digits.pixels(i);
            for (int k = 0; k < pixels.length; k++) {
                image.getRaster().setSample(k % Mnist.SIDE, k / Mnist.SIDE, 0, Math.round(255 * pixels[k]));
            }
            Path label = Files.createDirectories(folder.resolve(Integer.toString(digits.label(i))));
            ImageIO.write(image, "png", label.resolve(i + ".png").toFile());
        }
    }

    /** The paths of image files with their labels. */
    private static Dataset<Row> read(SparkSession spark, Path folder) {
        return spark.read()
                .format("binaryFile")
                .option("recursiveFileLookup", true)
                .load(folder.toUri().toString())
                .select(
                        col("path"),
                        regexp_extract(col("path"), "/(\\d)/\\d+\\.png$", 1)
                                .cast("int")
                                .as("label"))
                .repartition(2)
                .sortWithinPartitions("path")
                .cache();
    }

    private static double accuracy(NetModel model, Dataset<Row> test) {
        Dataset<Row> predicted = model.setOutputNames(new String[] {"argmax(output)"})
                .setOutputCols(new String[] {"prediction"})
                .transform(test);
        return (double) predicted.where(col("prediction").equalTo(col("label"))).count() / predicted.count();
    }
}
