package io.kiln.benchmarks.spark;

import io.kiln.benchmarks.Setup;
import io.kiln.examples.Mnist;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
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
    public static Dataset<Row> cached(SparkSession spark, Setup setup) throws IOException {
        Mnist digits = Mnist.bundled(Mnist.Part.TRAIN);
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < digits.size(); i++) {
            rows.add(RowFactory.create(digits.pixels(i), digits.label(i)));
        }
        StructType schema = new StructType()
                .add("features", DataTypes.createArrayType(DataTypes.FloatType, false), false)
                .add("label", DataTypes.IntegerType, false);
        int copies = ROWS / rows.size();
        if (copies * rows.size() != ROWS) {
            throw new IOException("training digits: expected a divisor of " + ROWS + ", found " + rows.size());
        }
        JavaSparkContext context = new JavaSparkContext(spark.sparkContext());
        Dataset<Row> frame = spark.createDataFrame(
                        context.parallelize(rows, setup.threads()).flatMap(row -> {
                            List<Row> repeated = new ArrayList<>(copies);
                            for (int i = 0; i < copies; i++) {
                                repeated.add(row);
                            }
                            return repeated.iterator();
                        }),
                        schema)
                .cache();
        if (frame.count() != ROWS) {
            throw new IllegalStateException("feed: expected " + ROWS + " rows, cached " + frame.count());
        }
        return frame;
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
