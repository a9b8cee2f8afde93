package io.kiln.benchmarks.spark;

import io.kiln.benchmarks.Contender;
import io.kiln.benchmarks.Facts;
import io.kiln.benchmarks.Setup;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;

/** Reads the cached DataFrame as Spark's InternalRow and packs batches: the bare technique, without a feed around it. */
public final class InternalRowFeed implements Contender {

    private SparkSession spark;
    private Dataset<Row> frame;

    @Override
    public Facts setup(Setup setup) {
        spark = Sessions.local(setup);
        frame = FeedData.cached(spark, setup);
        return new Facts("Spark " + spark.version() + ", InternalRow", 0);
    }

    @Override
    public double step(String caseName) {
        return frame.queryExecution()
                .toRdd()
                .toJavaRDD()
                .mapPartitions(rows -> List.of(pack(rows)).iterator())
                .reduce(Double::sum);
    }

    private static double pack(Iterator<InternalRow> rows) {
        float[] batch = new float[FeedData.BATCH * FeedData.WIDTH];
        int[] labels = new int[FeedData.BATCH];
        double check = 0;
        int filled = 0;
        while (rows.hasNext()) {
            InternalRow row = rows.next();
            float[] pixels = row.getArray(0).toFloatArray();
            System.arraycopy(pixels, 0, batch, filled * FeedData.WIDTH, FeedData.WIDTH);
            labels[filled++] = row.getInt(1);
            if (filled == FeedData.BATCH) {
                check += FeedData.check(batch, labels, filled);
                filled = 0;
            }
        }
        return check + FeedData.check(batch, labels, filled);
    }

    @Override
    public void close() {
        spark.stop();
    }
}
