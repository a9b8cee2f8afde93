package io.kiln.benchmarks.spark;

import io.kiln.benchmarks.Setup;
import io.kiln.examples.Mnist;
import java.io.IOException;
import java.util.Iterator;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** The cached DataFrame of the workload {@code feed}: columns {@code features} (784 floats) and {@code label}. */
public final class FeedData {

    /** Rows of the DataFrame. */
    public static final int ROWS = 80_000;

    /** Rows that a reader packs into one batch. */
    public static final int BATCH = 128;

    /** Floats of a row. */
    public static final int WIDTH = 784;

    /** Case: the DataFrame into batches, for the first time. */
    public static final String FIRST_PASS = "first";

    /** Case: the same again, in the order of another epoch. */
    public static final String NEXT_PASS = "next";

    private FeedData() {}

    /** Makes the DataFrame, one partition per thread, and reads it into the cache. */
    public static Dataset<Row> cached(SparkSession spark, Setup setup) {
        StructType schema = new StructType()
                .add("features", DataTypes.createArrayType(DataTypes.FloatType, false), false)
                .add("label", DataTypes.IntegerType, false);
        int partitions = setup.threads();
        // Rows are made in the tasks: rows made here would travel again with each task of each job.
        JavaRDD<Row> rows = JavaSparkContext.fromSparkContext(spark.sparkContext())
                .parallelize(IntStream.range(0, partitions).boxed().toList(), partitions)
                .flatMap(part -> part(part, partitions));
        Dataset<Row> frame = spark.createDataFrame(rows, schema).cache();
        if (frame.count() != ROWS) {
            throw new IllegalStateException("feed: expected " + ROWS + " rows, cached " + frame.count());
        }
        return frame;
    }

    private static Iterator<Row> part(int part, int partitions) throws IOException {
        Mnist digits = Mnist.bundled(Mnist.Part.TRAIN);
        return IntStream.range(0, ROWS)
                .filter(i -> i % partitions == part)
                .map(i -> i % digits.size())
                .mapToObj(i -> RowFactory.create(digits.pixels(i), digits.label(i)))
                .iterator();
    }

    /** What a reader says of a full or a last, shorter batch: the sum of each row's middle pixel and label. */
    public static double check(float[] batch, int[] labels, int rows) {
        double sum = 0;
        for (int i = 0; i < rows; i++) {
            sum += batch[i * WIDTH + WIDTH / 2] + labels[i];
        }
        return sum;
    }
}
