package io.kiln.benchmarks.rows;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.hash;
import static org.apache.spark.sql.functions.lit;

import io.kiln.benchmarks.spark.Sessions;
import io.kiln.spark.feed.FeatureColumns;
import io.kiln.spark.feed.FeedColumns;
import io.kiln.spark.feed.FeedSpec;
import io.kiln.spark.feed.Labels;
import io.kiln.spark.feed.PackedData;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.apache.spark.ml.feature.VectorAssembler;
import org.apache.spark.network.util.JavaUtils;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.storage.StorageLevel;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Columns of numbers in Parquet files, as the features of rows: column by column, and through VectorAssembler. */
@Command(
        name = "wide",
        mixinStandardHelpOptions = true,
        description = "Packs tables of many columns of numbers; prints rows/s of featuresCols and of VectorAssembler.")
public final class Wide implements Callable<Integer> {
    private static final int WORKERS = 2;
    private static final List<String> TYPES = List.of("double", "float", "int", "bigint", "smallint");
    private static final Duration LONGEST = Duration.ofMinutes(10);

    @Option(names = "--columns", defaultValue = "500", description = "Default: ${DEFAULT-VALUE}.")
    private int columns;

    @Option(names = "--rows", defaultValue = "40000", description = "Default: ${DEFAULT-VALUE}.")
    private long rows;

    @Option(names = "--rounds", defaultValue = "5", description = "Turns of each way. Default: ${DEFAULT-VALUE}.")
    private int rounds;

    @Option(
            names = "--max-fields",
            defaultValue = "100",
            description =
                    "spark.sql.codegen.maxFields: tables of more columns are read row by row. Default: ${DEFAULT-VALUE}.")
    private int maxFields;

    @Option(names = "--without-assembler", description = "Leaves VectorAssembler out, which is slow with many columns.")
    private boolean withoutAssembler;

    @Option(names = "--cached", description = "Reads tables from Spark's cache instead of files.")
    private boolean cached;

    @Override
    public Integer call() throws Exception {
        Path folder = Files.createTempDirectory("kiln-wide");
        try (SparkSession spark = Sessions.local(WORKERS)) {
            spark.conf().set("spark.sql.codegen.maxFields", maxFields);
            String[] names = IntStream.range(0, columns).mapToObj(c -> "c" + c).toArray(String[]::new);
            Dataset<Row> table = stored(table(spark), folder, "numbers");
            VectorAssembler assembler =
                    new VectorAssembler().setInputCols(names).setOutputCol("features");
            Dataset<Row> assembled = assembler.transform(table);
            Dataset<Row> vectors = stored(assembled.select("features", "label"), folder, "vectors");
            Map<String, Callable<Double>> ways = new LinkedHashMap<>();
            ways.put("featuresCols", () -> pack(table, "featuresCols", names));
            if (!withoutAssembler) {
                ways.put("VectorAssembler", () -> pack(assembled, "featuresCol", "features"));
            }
            ways.put("vectors that were stored", () -> pack(vectors, "featuresCol", "features"));
            Map<String, double[]> speeds = new LinkedHashMap<>();
            for (int i = -1; i < rounds; i++) {
                for (Map.Entry<String, Callable<Double>> way : ways.entrySet()) {
                    double speed = way.getValue().call();
                    if (i >= 0) {
                        speeds.computeIfAbsent(way.getKey(), w -> new double[rounds])[i] = speed;
                    }
                }
            }
            System.out.printf(
                    Locale.ROOT,
                    "%d rows of %d columns, %s; rows/s of %d turns: least, median, most%n",
                    rows,
                    columns,
                    cached ? "cached" : "Parquet",
                    rounds);
            speeds.forEach((way, all) -> {
                Arrays.sort(all);
                System.out.printf(Locale.ROOT, "%s: %.0f, %.0f, %.0f%n", way, all[0], all[rounds / 2], all[rounds - 1]);
            });
        } finally {
            JavaUtils.deleteRecursively(folder.toFile());
        }
        return 0;
    }

    private Dataset<Row> table(SparkSession spark) {
        Column[] numbers = IntStream.range(0, columns)
                .mapToObj(c -> hash(col("id"), lit(c))
                        .divide(1e6)
                        .cast(TYPES.get(c % TYPES.size()))
                        .as("c" + c))
                .toArray(Column[]::new);
        return spark.range(0, rows, 1, WORKERS).select(numbers).withColumn("label", lit(1.0));
    }

    private Dataset<Row> stored(Dataset<Row> data, Path folder, String name) {
        String path = folder.resolve(name).toString();
        data.write().parquet(path);
        Dataset<Row> read = data.sparkSession().read().schema(data.schema()).parquet(path);
        if (cached) {
            read.cache().count();
        }
        return read;
    }

    private double pack(Dataset<Row> data, String param, String... features) throws Exception {
        FeatureColumns read = FeatureColumns.bind(data.schema(), param, List.of(features));
        FeedColumns bound = FeedColumns.bind(data.schema(), read, "label", "", "");
        FeedSpec spec = new FeedSpec(bound, columns, new Labels(2));
        long begin = System.nanoTime();
        try (PackedData packed = PackedData.pack(data, spec, WORKERS, StorageLevel.MEMORY_AND_DISK(), LONGEST)) {
            return packed.trainingRows() / ((System.nanoTime() - begin) * 1e-9);
        }
    }
}
