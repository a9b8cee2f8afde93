package io.kiln.examples;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.hash;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.pmod;

import io.kiln.ml.NetClassificationModel;
import io.kiln.ml.NetClassifier;
import io.kiln.nn.zoo.LeNet;
import io.kiln.optim.Adam;
import io.kiln.optim.CosineDecay;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.apache.spark.SparkConf;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * Trains {@link LeNet} on handwritten digits, tests it, and saves the model and pictures to a folder. Run directly, it
 * starts local Spark in this JVM; under spark-submit it uses the cluster.
 */
@Command(
        name = "kiln demo",
        description = "Trains LeNet on MNIST digits with io.kiln.ml.NetClassifier.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        showDefaultValues = true)
public final class MnistDemo implements Callable<Integer> {
    private static final int SHOWN_MISTAKES = 40;
    private static final int PARTITIONS = 8;
    private static final int BATCH = 64;
    private static final double RATE = 0.002;
    private static final int HELD_OUT = 20;

    @Option(names = "--seed", paramLabel = "<n>", description = "seed of the initial weights and the order of rows")
    private long seed = 42;

    @Option(names = "--epochs", paramLabel = "<n>", description = "passes over the training digits")
    private int epochs = 6;

    @Option(names = "--workers", paramLabel = "<n>", description = "number of tasks that train together")
    private int workers = 2;

    @Option(names = "--rows", paramLabel = "<n>", description = "train on the first n digits only; default: all")
    private Integer rows;

    @Option(
            names = "--output",
            paramLabel = "<folder>",
            description = "folder for the model and pictures; on a cluster, shared by driver and executors")
    private Path output = Path.of("demo-output");

    @Option(
            names = "--data",
            paramLabel = "<folder>",
            description = "folder with the four MNIST files in IDX format, gzipped; default: the bundled digits")
    private Path data;

    @Option(
            names = "--master",
            paramLabel = "<url>",
            description = "Spark master; default: that of spark-submit, or local with all cores")
    private String master;

    @Spec
    private CommandSpec command;

    /** Creates the demo with its default options. */
    public MnistDemo() {}

    /**
     * Runs the demo; {@code --help} lists the options.
     *
     * @param args the command line
     */
    public static void main(String[] args) {
        int status = new CommandLine(new MnistDemo()).execute(args);
        if (status != 0) {
            System.exit(status);
        }
    }

    @Override
    public Integer call() throws IOException {
        long began = System.nanoTime();
        check("--epochs", epochs);
        check("--workers", workers);
        Mnist train = digits(Mnist.Part.TRAIN);
        if (rows != null) {
            check("--rows", rows);
            train = train.first(rows);
        }
        Mnist test = digits(Mnist.Part.TEST);
        Files.createDirectories(output);
        say(
                "Kiln demo: LeNet learns handwritten digits, %,d to train on and %,d to test with",
                train.size(), test.size());
        double accuracy;
        try (SparkSession spark = spark()) {
            say(
                    "Spark %s at %s, workers: %d",
                    spark.version(), spark.sparkContext().master(), workers);
            say("");
            accuracy = run(spark, train, test);
        }
        say("%nDEMO accuracy=%.4f seconds=%.1f", accuracy, (System.nanoTime() - began) / 1e9);
        return 0;
    }

    private void check(String option, int value) {
        if (value < 1) {
            throw new CommandLine.ParameterException(
                    command.commandLine(), option + ": expected at least 1, got " + value);
        }
    }

    private Mnist digits(Mnist.Part part) throws IOException {
        return data == null ? Mnist.bundled(part) : Mnist.read(data, part);
    }

    /** The session of spark-submit, or a local one on the loopback address. */
    private SparkSession spark() {
        SparkConf given = new SparkConf();
        SparkSession.Builder builder = SparkSession.builder().appName("Kiln demo");
        String url = master != null ? master : given.get("spark.master", "local[" + Math.max(workers, cores()) + "]");
        builder.master(url);
        if (url.startsWith("local")) {
            builder.config("spark.driver.host", given.get("spark.driver.host", "127.0.0.1"));
            builder.config("spark.driver.bindAddress", given.get("spark.driver.bindAddress", "127.0.0.1"));
            builder.config("spark.ui.enabled", given.get("spark.ui.enabled", "false"));
        }
        // Kiln has its own progress bar.
        builder.config("spark.ui.showConsoleProgress", given.get("spark.ui.showConsoleProgress", "false"));
        SparkSession spark = builder.getOrCreate();
        spark.sparkContext().setLogLevel("WARN");
        return spark;
    }

    private double run(SparkSession spark, Mnist train, Mnist test) throws IOException {
        Dataset<Row> trainRows = train.toDataFrame(spark, PARTITIONS);
        Dataset<Row> testRows = test.toDataFrame(spark, PARTITIONS).cache();

        // One in twenty training digits is held out to measure the accuracy after each epoch.
        trainRows = trainRows.withColumn(
                "heldOut", pmod(hash(col("features")), lit(HELD_OUT)).equalTo(0));
        long stepsPerEpoch = Math.max(1, (train.size() - train.size() / HELD_OUT) / BATCH);
        NetClassifier classifier = new NetClassifier()
                .setNetwork(LeNet.of(Mnist.CLASSES))
                .setInputShape(new int[] {1, Mnist.SIDE, Mnist.SIDE})
                .setOptimizer(new Adam())
                .setLearningRateSchedule(new CosineDecay(RATE, epochs * stepsPerEpoch))
                .setBatchSize(BATCH)
                .setMaxEpochs(epochs)
                .setValidationIndicatorCol("heldOut")
                .setValidationMetric("accuracy")
                .setNumWorkers(workers)
                .setSeed(seed);
        if (spark.sparkContext().isLocal()) {
            classifier.setCoresPerWorker(Math.max(1, cores() / workers));
        }
        NetClassificationModel model = classifier.fit(trainRows);
        say("%n%s%n", model.summary());

        List<Row> predictions = predictions(model, testRows);
        ConfusionMatrix confusion = new ConfusionMatrix(Mnist.CLASSES);
        for (Row r : predictions) {
            confusion.add((int) r.getDouble(0), (int) r.getDouble(1));
        }
        say(
                "test accuracy %.4f: %,d of %,d digits misclassified%n",
                confusion.accuracy(), confusion.wrong(), test.size());
        say("%s", confusion);

        Path saved = output.resolve("model");
        model.write().overwrite().save(saved.toUri().toString());
        try {
            pictures(model, test, predictions, confusion);
        } catch (InternalError | LinkageError e) {
            say(
                    "no pictures: Java finds no fonts (%s); Debian, Ubuntu: apt-get install fontconfig fonts-dejavu-core%n",
                    e);
        }
        List<Row> again = predictions(NetClassificationModel.load(saved.toUri().toString()), testRows);
        if (!again.equals(predictions)) {
            throw new IllegalStateException(
                    "the model read from " + saved + " gives other predictions than the one written");
        }
        say("the model loaded from %s gives the same predictions for all %,d digits%n", saved, again.size());
        whatNext();
        return confusion.accuracy();
    }

    private static List<Row> predictions(NetClassificationModel model, Dataset<Row> rows) {
        return model.transform(rows)
                .select("label", "prediction", "probability")
                .collectAsList();
    }

    private void pictures(NetClassificationModel model, Mnist test, List<Row> predictions, ConfusionMatrix confusion)
            throws IOException {
        model.summary().saveCurve(output.resolve("training.png"));
        List<DigitSheet.Mistake> mistakes = new ArrayList<>();
        for (int i = 0; i < predictions.size(); i++) {
            Row r = predictions.get(i);
            int predicted = (int) r.getDouble(1);
            if (predicted != test.label(i)) {
                double sure = ((Vector) r.get(2)).apply(predicted);
                mistakes.add(new DigitSheet.Mistake(test.pixels(i), test.label(i), predicted, sure));
            }
        }
        mistakes.sort(
                Comparator.comparingDouble(DigitSheet.Mistake::probability).reversed());
        DigitSheet.write(
                output.resolve("misclassified.png"),
                String.format(
                        Locale.ROOT,
                        "%,d of %,d digits misclassified: true → predicted, and the model's confidence",
                        confusion.wrong(),
                        predictions.size()),
                mistakes.subList(0, Math.min(SHOWN_MISTAKES, mistakes.size())));
    }

    private void whatNext() {
        say(
                """
                in %s:
                  model/              the trained network: its graph as JSON, its weights as safetensors
                  training.png        loss of each epoch, and accuracy on digits held out
                  misclassified.png   the digits that it got wrong

                what to try next:
                  bin/kiln demo --seed 7 --epochs 12      another seed, longer training
                  bin/kiln demo --workers 1               one worker instead of two that exchange gradients
                  the programs of README.md               a network on your own DataFrame; a cluster by spark-submit
                  examples/src/main/java/io/kiln/examples the source of this demo""",
                output.toAbsolutePath().normalize());
    }

    private static int cores() {
        return Runtime.getRuntime().availableProcessors();
    }

    private static void say(String format, Object... arguments) {
        System.out.println(String.format(Locale.ROOT, format, arguments));
    }
}
