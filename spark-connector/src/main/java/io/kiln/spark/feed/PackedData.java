package io.kiln.spark.feed;

import io.kiln.spark.stage.SparkJob;
import java.io.Serializable;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import org.apache.spark.Dependency;
import org.apache.spark.NarrowDependency;
import org.apache.spark.Partitioner;
import org.apache.spark.ShuffleDependency;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.storage.StorageLevel;
import org.apache.spark.util.LongAccumulator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.Function2;
import scala.Tuple2;
import scala.jdk.javaapi.CollectionConverters;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;

/**
 * The packed rows of a fit, distributed to its workers, in Spark's storage.
 *
 * <p>Life cycle: {@link #pack} reads the DataFrame once; {@link #rows} is the input of the training stage each time it
 * is submitted; {@link #close} removes the blocks and the shuffle files. The DataFrame's plan must give the same rows
 * in the same order each time it is computed: it is recomputed if an executor with packed rows is lost.
 *
 * <p>Concurrency: used by one thread of the driver.
 */
public final class PackedData implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PackedData.class);
    private static final ClassTag<byte[]> BYTES = ClassTag$.MODULE$.apply(byte[].class);

    private final SparkContext sc;
    private final Layout layout;
    private final JavaRDD<byte[]> rows;
    private final int shuffle;
    private final Duration idle;
    private final Contents contents;

    /**
     * What the rows contain.
     *
     * @param labels moments of the training rows' labels
     * @param stored stored elements of each field
     */
    private record Contents(Moments labels, long... stored) {}

    private PackedData(
            SparkContext sc, Layout layout, JavaRDD<byte[]> rows, int shuffle, Duration idle, Contents contents) {
        this.sc = sc;
        this.layout = layout;
        this.rows = rows;
        this.shuffle = shuffle;
        this.idle = idle;
        this.contents = contents;
    }

    /**
     * Reads a DataFrame, checks and packs its rows, and distributes them to the workers.
     *
     * @param data the DataFrame
     * @param spec its columns and their required content
     * @param workers number of workers
     * @param level where Spark keeps the packed rows
     * @param idle the longest time for which no task of a job may be running because others hold all slots
     * @return the packed rows, to be closed
     * @throws IllegalArgumentException if a row is invalid, or there are too few rows; nothing is left behind in this
     *     case
     * @throws ExecutionException if a Spark job failed or was cancelled
     * @throws TimeoutException if a job could not start in time
     * @throws InterruptedException if this thread was interrupted
     */
    public static PackedData pack(Dataset<?> data, FeedSpec spec, int workers, StorageLevel level, Duration idle)
            throws ExecutionException, TimeoutException, InterruptedException {
        SparkContext sc = data.sparkSession().sparkContext();
        Dataset<Row> columns = spec.project(data);
        LongAccumulator skipped = sc.longAccumulator();
        LongAccumulator truncated = sc.longAccumulator();
        ColumnFiles files = new ColumnFiles(QueryPlans.hadoop(columns));
        FeedSpec readable = spec.inTasks(files, new SentTexts(), data.sparkSession());
        Packer packer = new Packer(readable, columns.schema(), new RowPacker.Told(skipped, truncated));
        RDD<InternalRow> source = QueryPlans.rows(columns);
        JavaRDD<byte[]> packed = source.mapPartitionsWithIndex(packer, false, BYTES)
                .toJavaRDD()
                .setName("kiln rows")
                .persist(level);
        try {
            List<Layout.Part> parts = check(parts(packed, idle));
            Layout layout = Layout.of(parts, workers);
            long left = skipped.value();
            if (left > 0) {
                LOG.warn("fit: skipped {} rows with null, NaN or infinite values, as set by handleInvalid", left);
            }
            if (truncated.value() > 0) {
                LOG.warn("fit: truncated {} sequences that are longer than maxLength", truncated.value());
            }
            checkCounts(layout, spec, left);
            Contents contents = new Contents(checkWeights(parts, layout, spec), stored(parts, spec));
            if (layout.isDealtOut() && isOneStage(packed.rdd(), workers)) {
                PackedData d = new PackedData(sc, layout, packed, -1, idle, contents);
                packed = null;
                return d;
            }
            return dealOut(sc, packed, layout, level, idle, contents);
        } finally {
            if (packed != null) {
                packed.unpersist(true);
            }
        }
    }

    /** Packs the rows of a partition, as a Scala function. */
    private record Packer(FeedSpec spec, StructType schema, RowPacker.Told told)
            implements Function2<Object, scala.collection.Iterator<InternalRow>, scala.collection.Iterator<byte[]>>,
                    Serializable {
        @Override
        public scala.collection.Iterator<byte[]> apply(Object partition, scala.collection.Iterator<InternalRow> rows) {
            return CollectionConverters.asScala(
                    new RowPacker(spec, schema, (Integer) partition, CollectionConverters.asJava(rows), told));
        }
    }

    /**
     * Whether Spark allows a barrier stage on an RDD: everything computed in the stage must have the same number of
     * partitions.
     *
     * @param rdd the RDD
     * @param partitions number of tasks
     * @return false if rows must be redistributed by a shuffle first
     */
    public static boolean isOneStage(RDD<?> rdd, int partitions) {
        if (rdd.getNumPartitions() != partitions) {
            return false;
        }
        for (Dependency<?> d : CollectionConverters.asJava(rdd.dependencies())) {
            if (d instanceof NarrowDependency<?> n && !isOneStage(n.rdd(), partitions)) {
                return false;
            }
        }
        return true;
    }

    private static List<Layout.Part> parts(JavaRDD<byte[]> packed, Duration idle)
            throws ExecutionException, TimeoutException, InterruptedException {
        return SparkJob.collect(
                packed.mapPartitions(it -> List.of(Layout.Part.of(it)).iterator()), idle);
    }

    private static List<Layout.Part> check(List<Layout.Part> parts) {
        parts.stream()
                .map(Layout.Part::error)
                .filter(Objects::nonNull)
                .findFirst()
                .ifPresent(e -> {
                    throw new IllegalArgumentException(e);
                });
        return parts;
    }

    private static void checkCounts(Layout layout, FeedSpec spec, long skipped) {
        long n = layout.total(false);
        String column = spec.validation();
        if (n == 0) {
            throw new IllegalArgumentException("fit: the DataFrame has no training rows%s"
                    .formatted(
                            layout.total(true) > 0
                                    ? ": column \"%s\" marks all %d rows for validation"
                                            .formatted(column, layout.total(true))
                                    : skipped > 0
                                            ? ": all %d have null, NaN or infinite values".formatted(skipped)
                                            : ": it is empty"));
        }
        if (n < layout.workers()) {
            throw new IllegalArgumentException(
                    "numWorkers: %d workers, but there are only %d training rows; each worker needs at least one"
                            .formatted(layout.workers(), n));
        }
        if (!column.isEmpty() && layout.total(true) == 0) {
            throw new IllegalArgumentException(
                    "validationIndicatorCol: column \"%s\" marks none of %d rows; mark some or unset the Param"
                            .formatted(column, n));
        }
    }

    private static long[] stored(List<Layout.Part> parts, FeedSpec spec) {
        long[] sum = new long[spec.fields().size()];
        for (Layout.Part p : parts) {
            for (int f = 0; f < p.stored().length; f++) {
                sum[f] += p.stored()[f];
            }
        }
        return sum;
    }

    /** Rejects rows that all have weight 0; returns the moments of the training labels. */
    private static Moments checkWeights(List<Layout.Part> parts, Layout layout, FeedSpec spec) {
        Moments labels = new Moments(1);
        parts.forEach(p -> labels.add(p.labels()));
        double held = parts.stream().mapToDouble(Layout.Part::validationWeight).sum();
        boolean training = !(labels.weight() > 0);
        if (training || layout.total(true) > 0 && !(held > 0)) {
            throw new IllegalArgumentException(
                    "weightCol: column \"%s\" is 0 in all %d %s rows, so that %s; give some rows a weight, or unset the Param"
                            .formatted(
                                    spec.weight(),
                                    layout.total(!training),
                                    training ? "training" : "validation",
                                    training ? "nothing can be learned from them" : "nothing can be validated"));
        }
        return labels;
    }

    /**
     * Class tags that let Spark serialize blocks as plain bytes: Java serialization would buffer a hundred of them in
     * memory.
     */
    @SuppressWarnings("unchecked")
    private static PackedData dealOut(
            SparkContext sc,
            JavaRDD<byte[]> packed,
            Layout layout,
            StorageLevel level,
            Duration idle,
            Contents contents)
            throws ExecutionException, TimeoutException, InterruptedException {
        ClassTag<Integer> ranks = (ClassTag<Integer>) (ClassTag<?>) ClassTag$.MODULE$.Int();
        RDD<Tuple2<Integer, byte[]>> cut = packed.mapPartitionsWithIndex(
                        (p, it) -> (Iterator<Tuple2<Integer, byte[]>>) new Dealer(layout, p, it), false)
                .rdd();
        JavaPairRDD<Integer, byte[]> dealt =
                new JavaPairRDD<>(cut, ranks, BYTES).partitionBy(new ByRank(layout.workers()));
        int shuffle = ((ShuffleDependency<?, ?, ?>) dealt.rdd().dependencies().head()).shuffleId();
        JavaRDD<byte[]> rows = dealt.values().setName("kiln rows by worker").persist(level);
        PackedData d = new PackedData(sc, layout, rows, shuffle, idle, contents);
        boolean done = false;
        try {
            d.restore();
            done = true;
            return d;
        } finally {
            if (!done) {
                d.close();
            }
        }
    }

    /**
     * Recomputes blocks that were lost with executors, so that the training stage finds its rows in storage.
     *
     * @throws RowsChangedException if the DataFrame gave other rows than at first
     * @throws ExecutionException if a Spark job failed or was cancelled
     * @throws TimeoutException if a job could not start in time
     * @throws InterruptedException if this thread was interrupted
     */
    public void restore() throws ExecutionException, TimeoutException, InterruptedException {
        RowsReader reader = reader();
        SparkJob.collect(
                        rows.mapPartitionsWithIndex(
                                (r, it) -> Collections.singletonList(wrong(new VerifiedBlocks(reader, r, it)))
                                        .iterator(),
                                false),
                        idle)
                .stream()
                .filter(Objects::nonNull)
                .findFirst()
                .ifPresent(wrong -> {
                    throw new RowsChangedException(wrong);
                });
    }

    /**
     * What is wrong with a worker's blocks, or null. Returned rather than thrown, because Spark would retry a failed
     * task.
     */
    private static String wrong(VerifiedBlocks blocks) {
        try {
            while (blocks.hasNext()) {
                blocks.next();
            }
            return null;
        } catch (RowsChangedException e) {
            return e.getMessage();
        }
    }

    /**
     * The packed rows: partition r is worker r's.
     *
     * @return an RDD with as many partitions as workers
     */
    public JavaRDD<byte[]> rows() {
        return rows;
    }

    /**
     * Moments of the training rows' labels.
     *
     * @return mean and standard deviation, one column
     */
    public Moments labels() {
        return contents.labels();
    }

    /**
     * The share of the elements of a field that are stored: less than 1 if rows are sparse.
     *
     * @param field index of a field with rows of one shape
     * @param width elements of a row
     * @return from 0 to 1
     */
    public double density(int field, int width) {
        return (double) contents.stored()[field] / width / (trainingRows() + validationRows());
    }

    /**
     * Moments of the training rows' features, computed by one more pass over the packed rows.
     *
     * @param field index of the field
     * @param width number of features
     * @return mean and standard deviation of each
     * @throws ExecutionException if a Spark job failed or was cancelled
     * @throws TimeoutException if a job could not start in time
     * @throws InterruptedException if this thread was interrupted
     */
    public Moments features(int field, int width) throws ExecutionException, TimeoutException, InterruptedException {
        Moments all = new Moments(width);
        SparkJob.collect(
                        rows.mapPartitions(
                                it -> List.of(moments(it, field, width)).iterator()),
                        idle)
                .forEach(all::add);
        return all;
    }

    private static Moments moments(Iterator<byte[]> blocks, int field, int width) {
        Moments all = new Moments(width);
        while (blocks.hasNext()) {
            PackedBlock b = new PackedBlock(blocks.next());
            if (!b.isValidation()) {
                all.add(Moments.ofFeatures(b, field, width));
            }
        }
        return all;
    }

    /**
     * How the rows are distributed, for the workers.
     *
     * @return a function from a worker's rank and blocks to its rows
     */
    public RowsReader reader() {
        return new RowsReader(layout, rows.id(), shuffle >= 0);
    }

    /**
     * Number of training rows.
     *
     * @return rows of all workers
     */
    public long trainingRows() {
        return layout.total(false);
    }

    /**
     * Number of validation rows.
     *
     * @return rows of all workers
     */
    public long validationRows() {
        return layout.total(true);
    }

    /**
     * Size of the packed rows.
     *
     * @return bytes of all workers
     */
    public long bytes() {
        return layout.bytes();
    }

    /**
     * A hash of the rows and of how they are packed.
     *
     * @return a hash of all rows
     */
    public long fingerprint() {
        return layout.fingerprint();
    }

    /** Removes the packed rows from Spark's storage, and the shuffle files. Idempotent. */
    @Override
    public void close() {
        if (sc.isStopped()) {
            return;
        }
        rows.unpersist(true);
        if (shuffle >= 0 && sc.cleaner().isDefined()) {
            sc.cleaner().get().doCleanupShuffle(shuffle, true);
        }
    }

    /** Sends rank r's rows to partition r. */
    private static final class ByRank extends Partitioner {
        private static final long serialVersionUID = 1L;
        private final int workers;

        ByRank(int workers) {
            this.workers = workers;
        }

        @Override
        public int numPartitions() {
            return workers;
        }

        @Override
        public int getPartition(Object rank) {
            return (Integer) rank;
        }
    }

    /** Cuts blocks at the boundaries between workers' rows, after comparing each with the one packed first. */
    private static final class Dealer implements Iterator<Tuple2<Integer, byte[]>> {
        private final Layout layout;
        private final int partition;
        private final Layout.Check check;
        private final Iterator<byte[]> blocks;
        private final Queue<Tuple2<Integer, byte[]>> ready = new ArrayDeque<>();
        private boolean ended;

        Dealer(Layout layout, int partition, Iterator<byte[]> blocks) {
            this.layout = layout;
            this.partition = partition;
            this.check = layout.check(partition);
            this.blocks = blocks;
        }

        @Override
        public boolean hasNext() {
            while (ready.isEmpty() && !ended) {
                if (blocks.hasNext()) {
                    byte[] bytes = blocks.next();
                    PackedBlock b = new PackedBlock(bytes);
                    String wrong = check.next(b);
                    if (wrong == null) {
                        cut(b, bytes);
                    } else {
                        fail(wrong);
                    }
                } else {
                    ended = true;
                    String wrong = check.end();
                    if (wrong != null) {
                        fail(wrong);
                    }
                }
            }
            return !ready.isEmpty();
        }

        private void fail(String wrong) {
            ready.add(new Tuple2<>(0, PackedBlock.error(partition, wrong)));
            ended = true;
        }

        @Override
        public Tuple2<Integer, byte[]> next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            return ready.remove();
        }

        private void cut(PackedBlock b, byte[] bytes) {
            long start = layout.start(b);
            boolean v = b.isValidation();
            for (int r = 0; r < layout.workers(); r++) {
                long from = Math.max(start, layout.bound(v, r));
                long to = Math.min(start + b.rows(), layout.bound(v, r + 1));
                if (from < to) {
                    int first = (int) (from - start);
                    int end = (int) (to - start);
                    ready.add(new Tuple2<>(r, b.isAll(first, end) ? bytes : b.slice(first, end)));
                }
            }
        }
    }
}
