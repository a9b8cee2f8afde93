package io.kiln.benchmarks.rows;

import static org.apache.spark.sql.functions.array;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.hash;
import static org.apache.spark.sql.functions.lit;

import io.kiln.benchmarks.ResidentMemory;
import io.kiln.benchmarks.spark.Sessions;
import io.kiln.ml.NetClassifier;
import io.kiln.nn.Dense;
import io.kiln.nn.Sequential;
import io.kiln.op.activation.Activation;
import io.kiln.spark.report.EpochReport;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.SparkEnv;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.network.util.JavaUtils;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Training on more rows than the executors' memory holds. */
@Command(
        name = "large",
        mixinStandardHelpOptions = true,
        description = "Trains on rows that do not fit into the executors' memory; prints times and memory.")
public final class Large implements Callable<Integer> {
    private static final int EXECUTORS = 2;

    @Option(names = "--rows", defaultValue = "20000000", description = "Default: ${DEFAULT-VALUE}.")
    private long rows;

    @Option(names = "--floats", defaultValue = "100", description = "Features of a row. Default: ${DEFAULT-VALUE}.")
    private int floats;

    @Option(names = "--memory", defaultValue = "2048", description = "MiB of each executor. Default: ${DEFAULT-VALUE}.")
    private int megabytes;

    @Option(names = "--epochs", defaultValue = "2", description = "Default: ${DEFAULT-VALUE}.")
    private int epochs;

    @Override
    public Integer call() throws Exception {
        Path scratch = Files.createTempDirectory("kiln-large");
        try (SparkSession spark = Sessions.cluster(scratch, EXECUTORS, megabytes)) {
            NetClassifier classifier = new NetClassifier()
                    .setNetwork(new Sequential(new Dense(64, Activation.RELU), new Dense(2)))
                    .setNumWorkers(EXECUTORS)
                    .setBatchSize(1024)
                    .setMaxEpochs(epochs)
                    .setSeed(1);
            long begin = System.nanoTime();
            List<EpochReport> reports = classifier.fit(table(spark)).summary().epochs();
            double seconds = (System.nanoTime() - begin) * 1e-9;
            System.out.printf(
                    Locale.ROOT,
                    "%,d rows of %d floats (%.1f GiB), %d executors of %d MiB: fit %.0f s%n",
                    rows,
                    floats,
                    rows * floats * 4.0 / (1 << 30),
                    EXECUTORS,
                    megabytes,
                    seconds);
            for (EpochReport r : reports) {
                System.out.printf(
                        Locale.ROOT,
                        "epoch %d: %.0f s, %,.0f rows/s, training loss %.4f%n",
                        r.epoch(),
                        r.seconds(),
                        r.rows() / r.seconds(),
                        r.loss());
            }
            System.out.printf(Locale.ROOT, "most resident MiB: driver %.0f", ResidentMemory.peakMiB());
            peaks(spark).forEach(p -> System.out.print(", " + p));
            System.out.println();
        } finally {
            JavaUtils.deleteRecursively(scratch.toFile());
        }
        return 0;
    }

    private Dataset<Row> table(SparkSession spark) {
        Column[] features = IntStream.range(0, floats)
                .mapToObj(c -> hash(col("id"), lit(c)).divide(1e9).cast("float"))
                .toArray(Column[]::new);
        return spark.range(0, rows, 1, EXECUTORS)
                .select(array(features).as("features"))
                .withColumn(
                        "label",
                        col("features")
                                .getItem(0)
                                .plus(col("features").getItem(1))
                                .gt(0)
                                .cast("double"));
    }

    private Stream<String> peaks(SparkSession spark) {
        List<Integer> slots = IntStream.range(0, EXECUTORS).boxed().toList();
        return JavaSparkContext.fromSparkContext(spark.sparkContext())
                .parallelize(slots, EXECUTORS)
                .map(slot -> String.format(
                        Locale.ROOT, "executor %s %.0f", SparkEnv.get().executorId(), ResidentMemory.peakMiB()))
                .collect()
                .stream();
    }
}
