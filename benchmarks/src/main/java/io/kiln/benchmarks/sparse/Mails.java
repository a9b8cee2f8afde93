package io.kiln.benchmarks.sparse;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.expr;

import io.kiln.benchmarks.ResidentMemory;
import io.kiln.benchmarks.spark.Sessions;
import io.kiln.ml.NetClassificationModel;
import io.kiln.ml.NetClassifier;
import io.kiln.nn.Dense;
import io.kiln.nn.Sequential;
import io.kiln.op.activation.Activation;
import io.kiln.spark.report.EpochReport;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.apache.spark.ml.feature.HashingTF;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Mails as hashed word counts of 2^18 columns, into {@code Dense(64)}, on two workers in one JVM. */
@Command(
        name = "mails",
        mixinStandardHelpOptions = true,
        description =
                "Trains on mails with hashed word counts; prints rows/s of each epoch, resident memory, accuracy.")
public final class Mails implements Callable<Integer> {
    private static final int WORKERS = 2;

    @Parameters(paramLabel = "FOLDER", description = "Folder of train.jsonl.gz and test.jsonl.gz.")
    private Path folder;

    @Option(names = "--columns", defaultValue = "262144", description = "Default: ${DEFAULT-VALUE}.")
    private int columns;

    @Option(names = "--batch", defaultValue = "128", description = "Rows of both workers. Default: ${DEFAULT-VALUE}.")
    private int batch;

    @Option(names = "--epochs", defaultValue = "5", description = "Default: ${DEFAULT-VALUE}.")
    private int epochs;

    @Option(names = "--optimizer", defaultValue = "adam", description = "Default: ${DEFAULT-VALUE}.")
    private String optimizer;

    @Override
    public Integer call() throws IOException {
        try (SparkSession spark = Sessions.local(WORKERS)) {
            Dataset<Row> train = read(spark, "train");
            Dataset<Row> test = read(spark, "test");
            NetClassifier trainer = new NetClassifier();
            trainer.setNetwork(new Sequential(new Dense(64, Activation.RELU), new Dense(2)));
            trainer.setBatchSize(batch);
            trainer.setMaxEpochs(epochs);
            trainer.setOptimizer(optimizer);
            trainer.setNumWorkers(WORKERS);
            trainer.setShowProgress(false);
            trainer.setSeed(1);
            NetClassificationModel model = trainer.fit(train);
            List<EpochReport> reports = model.summary().epochs();
            for (EpochReport e : reports) {
                System.out.printf(
                        Locale.ROOT,
                        "epoch %d: %d rows in %.2f s, %.0f rows/s, loss %.4f%n",
                        e.epoch(),
                        e.rows(),
                        e.seconds(),
                        e.rows() / e.seconds(),
                        e.quality().loss());
            }
            System.out.printf(Locale.ROOT, "peak resident memory after fit: %.0f MiB%n", ResidentMemory.peakMiB());
            long begin = System.nanoTime();
            Dataset<Row> predicted = model.transform(test);
            double accuracy = (double) predicted
                            .where(col("prediction").equalTo(col("label")))
                            .count()
                    / test.count();
            System.out.printf(
                    Locale.ROOT,
                    "accuracy %.4f, transform %.2f s, peak resident memory %.0f MiB%n",
                    accuracy,
                    (System.nanoTime() - begin) * 1e-9,
                    ResidentMemory.peakMiB());
        }
        return 0;
    }

    private Dataset<Row> read(SparkSession spark, String part) {
        Dataset<Row> words = spark.read()
                .json(folder.resolve(part + ".jsonl.gz").toString())
                .withColumn(
                        "words",
                        expr("filter(split(lower(concat_ws(' ', subject, body)), '[^a-z0-9$!]+'), w -> w <> '')"));
        Dataset<Row> hashed = new HashingTF()
                .setInputCol("words")
                .setOutputCol("features")
                .setNumFeatures(columns)
                .transform(words)
                .select("label", "features")
                .repartition(WORKERS)
                .cache();
        hashed.count();
        return hashed;
    }
}
