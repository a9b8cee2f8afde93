package io.kiln.benchmarks.kiln;

import io.kiln.backend.Device;
import io.kiln.benchmarks.Contender;
import io.kiln.benchmarks.Facts;
import io.kiln.benchmarks.Setup;
import io.kiln.benchmarks.spark.FeedData;
import io.kiln.benchmarks.spark.Sessions;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.HostView;
import io.kiln.spark.feed.Batch;
import io.kiln.spark.feed.BatchFeeder;
import io.kiln.spark.feed.BatchRows;
import io.kiln.spark.feed.EpochOrder;
import io.kiln.spark.feed.FeatureColumns;
import io.kiln.spark.feed.FeedColumns;
import io.kiln.spark.feed.FeedSpec;
import io.kiln.spark.feed.Labels;
import io.kiln.spark.feed.PackedData;
import io.kiln.spark.feed.RowsReader;
import io.kiln.spark.feed.WorkerRows;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.Function2;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.storage.StorageLevel;

/**
 * Kiln's feed: rows are checked and packed once, then each epoch's batches are filled off heap from the packed rows,
 * shuffled, one ahead of the reader.
 */
public final class KilnFeed implements Contender {

    private static final int CLASSES = 10;
    private static final Duration LONGEST = Duration.ofMinutes(10);

    private int workers;
    private SparkSession spark;
    private Dataset<Row> frame;
    private FeedSpec spec;
    private PackedData packed;
    private int epoch;

    @Override
    public Facts setup(Setup setup) {
        workers = setup.threads();
        spark = Sessions.local(setup);
        frame = FeedData.cached(spark, setup);
        FeatureColumns features = FeatureColumns.bind(frame.schema(), "featuresCol", List.of("features"));
        FeedColumns columns = FeedColumns.bind(frame.schema(), features, "label", "", "");
        spec = new FeedSpec(columns, FeedData.WIDTH, new Labels(CLASSES));
        packed = pack();
        return new Facts("Kiln, Spark " + spark.version(), 0);
    }

    private PackedData pack() {
        try {
            return PackedData.pack(frame, spec, workers, StorageLevel.MEMORY_AND_DISK(), LONGEST);
        } catch (ExecutionException | TimeoutException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public double step(String caseName) {
        if (caseName.equals(FeedData.NEXT_PASS)) {
            return read(packed);
        }
        try (PackedData fresh = pack()) {
            return read(fresh);
        }
    }

    private double read(PackedData data) {
        RowsReader reader = data.reader();
        int batch = FeedData.BATCH * workers;
        int number = epoch++;
        Function2<Integer, Iterator<byte[]>, Iterator<Double>> task = (rank, blocks) -> {
            try (WorkerRows rows = reader.read(rank, blocks)) {
                return List.of(read(rows, batch, number)).iterator();
            }
        };
        return data.rows().mapPartitionsWithIndex(task, false).reduce(Double::sum);
    }

    private static double read(WorkerRows rows, int batchSize, int epoch) throws InterruptedException {
        EpochOrder order = rows.order(batchSize, 1, epoch, true);
        Iterator<BatchRows> plan = IntStream.range(0, order.steps())
                .mapToObj(step -> new BatchRows(IntStream.range(0, order.size(step))
                        .map(i -> order.row(step, i))
                        .toArray()))
                .iterator();
        int capacity = IntStream.range(0, order.steps()).map(order::size).max().orElse(0);
        double check = 0;
        float[] middle = new float[1];
        try (BatchFeeder feeder = new BatchFeeder(
                rows.training(),
                plan,
                new Batch.Form(capacity, DType.FLOAT32, FeedData.WIDTH),
                new BatchFeeder.Place(Device.cpu()),
                new BatchFeeder.Wait(TaskContext.get()::isInterrupted, LONGEST))) {
            for (Batch batch = feeder.next(); batch != null; batch = feeder.next()) {
                try (HostView features = batch.features().read()) {
                    for (int i = 0; i < batch.rows(); i++) {
                        features.get(Float.BYTES * ((long) i * FeedData.WIDTH + FeedData.WIDTH / 2), middle, 0, 1);
                        check += middle[0] + batch.label(i);
                    }
                }
                feeder.recycle(batch);
            }
        }
        return check;
    }

    @Override
    public void close() {
        packed.close();
        spark.stop();
    }
}
