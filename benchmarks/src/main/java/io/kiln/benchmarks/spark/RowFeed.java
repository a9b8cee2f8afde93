package io.kiln.benchmarks.spark;

import io.kiln.benchmarks.Contender;
import io.kiln.benchmarks.Facts;
import io.kiln.benchmarks.Setup;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import scala.collection.Seq;

/** Reads the cached DataFrame row by row with Spark's public Row, as most code does, and packs batches. */
public final class RowFeed implements Contender {

    private SparkSession spark;
    private Dataset<Row> frame;

    @Override
    public Facts setup(Setup setup) {
        spark = Sessions.local(setup);
        frame = FeedData.cached(spark, setup);
        return new Facts("Spark " + spark.version() + ", Row", 0);
    }

    @Override
    public double step(String caseName) {
        return frame.toJavaRDD()
                .mapPartitions(rows -> List.of(pack(rows)).iterator())
                .reduce(Double::sum);
    }

    private static double pack(Iterator<Row> rows) {
        float[] batch = new float[FeedData.BATCH * FeedData.WIDTH];
        int[] labels = new int[FeedData.BATCH];
        double check = 0;
        int filled = 0;
        while (rows.hasNext()) {
            Row row = rows.next();
            Seq<Float> pixels = row.getSeq(0);
            int at = filled * FeedData.WIDTH;
            for (int i = 0; i < FeedData.WIDTH; i++) {
                batch[at + i] = pixels.apply(i);
            }
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
