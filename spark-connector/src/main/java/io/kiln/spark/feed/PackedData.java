package io.kiln.spark.feed;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
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
import scala.Tuple2;
import scala.jdk.javaapi.CollectionConverters;

/**
 * The packed rows of a fit, dealt out to its workers, in Spark's storage.
 *
 * <p>Life cycle: {@link #pack} reads the DataFrame once; {@link #rows} is the input of the training stage, as often as it is
 * submitted; {@link #close} removes the blocks and the shuffle's files. The DataFrame's plan must give the same rows in the
 * same order each time that it is computed: it is computed again where an executor with packed rows is lost.
 *
 * <p>Concurrency: used by one thread of the driver.
 */
public final class PackedData implements AutoCloseable {
    private final SparkContext sc;
    private final Layout layout;
    private final JavaRDD<byte[]> rows;
    private final int shuffle;

    private PackedData(SparkContext sc, Layout layout, JavaRDD<byte[]> rows, int shuffle) {
        this.sc = sc;
        this.layout = layout;
        this.rows = rows;
        this.shuffle = shuffle;
    }

    /**
     * Reads a DataFrame, checks and packs its rows, and deals them out.
     *
     * @param data the DataFrame
     * @param spec its columns and what they must hold
     * @param workers number of workers
     * @param level where Spark keeps the packed rows
     * @return the packed rows, to be closed
     * @throws IllegalArgumentException when a row is bad, or there are too few rows; nothing is left behind then
     */
    public static PackedData pack(Dataset<?> data, FeedSpec spec, int workers, StorageLevel level) {
        SparkContext sc = data.sparkSession().sparkContext();
        Dataset<Row> columns = spec.columns().project(data);
        StructType schema = columns.schema();
        JavaRDD<InternalRow> source = classic(columns).queryExecution().toRdd().toJavaRDD();
        JavaRDD<byte[]> packed = source.mapPartitionsWithIndex(
                        (p, it) -> (Iterator<byte[]>) new RowPacker(spec, schema, p, it), false)
                .setName("kiln rows")
                .persist(level);
        try {
            Layout layout = Layout.of(check(parts(packed)), workers);
            checkCounts(layout, spec);
            if (layout.isDealtOut() && isOneStage(packed.rdd(), workers)) {
                PackedData d = new PackedData(sc, layout, packed, -1);
                packed = null;
                return d;
            }
            return dealOut(sc, packed, layout, level);
        } finally {
            if (packed != null) {
                packed.unpersist(true);
            }
        }
    }

    @SuppressWarnings("unchecked")
    private static <T> org.apache.spark.sql.classic.Dataset<T> classic(Dataset<T> data) {
        return (org.apache.spark.sql.classic.Dataset<T>) data;
    }

    /**
     * Whether Spark allows a barrier stage on an RDD: all that is computed in the stage must have as many partitions.
     *
     * @param rdd the RDD
     * @param partitions number of tasks
     * @return false when rows must be dealt out by a shuffle first
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

    private static List<Layout.Part> parts(JavaRDD<byte[]> packed) {
        return packed.mapPartitions(it -> List.of(part(it)).iterator()).collect();
    }

    private static Layout.Part part(Iterator<byte[]> blocks) {
        long training = 0;
        long validation = 0;
        long hash = 0;
        String error = null;
        while (blocks.hasNext()) {
            PackedBlock b = new PackedBlock(blocks.next());
            error = b.error() != null ? b.error() : error;
            training += b.isValidation() ? 0 : b.rows();
            validation += b.isValidation() ? b.rows() : 0;
            hash = hash * 31 + b.fingerprint();
        }
        return new Layout.Part(training, validation, hash, error);
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

    private static void checkCounts(Layout layout, FeedSpec spec) {
        long n = layout.total(false);
        String column = spec.columns().validation();
        if (n == 0) {
            throw new IllegalArgumentException("fit: the DataFrame has no training rows%s"
                    .formatted(
                            layout.total(true) > 0
                                    ? ": column \"%s\" marks all %d rows for validation"
                                            .formatted(column, layout.total(true))
                                    : ": it is empty"));
        }
        if (n < layout.workers()) {
            throw new IllegalArgumentException(
                    "numWorkers: %d workers, but there are only %d training rows; each worker needs one at least"
                            .formatted(layout.workers(), n));
        }
        if (!column.isEmpty() && layout.total(true) == 0) {
            throw new IllegalArgumentException(
                    "validationIndicatorCol: column \"%s\" marks none of %d rows; mark some or unset the Param"
                            .formatted(column, n));
        }
    }

    private static PackedData dealOut(SparkContext sc, JavaRDD<byte[]> packed, Layout layout, StorageLevel level) {
        JavaPairRDD<Integer, byte[]> dealt =
                packed.mapPartitionsToPair(it -> new Dealer(layout, it)).partitionBy(new ByRank(layout.workers()));
        int shuffle = ((ShuffleDependency<?, ?, ?>) dealt.rdd().dependencies().head()).shuffleId();
        JavaRDD<byte[]> rows = dealt.values().setName("kiln rows by worker").persist(level);
        PackedData d = new PackedData(sc, layout, rows, shuffle);
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

    /** Computes again what was lost with executors, so that the training stage finds its rows in storage. */
    public void restore() {
        List<Long> counts =
                rows.mapPartitions(it -> List.of(count(it)).iterator()).collect();
        long all = counts.stream().mapToLong(Long::longValue).sum();
        if (all != layout.total(false) + layout.total(true)) {
            throw new IllegalStateException(
                    "feed: the DataFrame gave %d rows at first and %d when computed again; make its plan deterministic or cache it"
                            .formatted(layout.total(false) + layout.total(true), all));
        }
    }

    private static long count(Iterator<byte[]> blocks) {
        long n = 0;
        while (blocks.hasNext()) {
            n += new PackedBlock(blocks.next()).rows();
        }
        return n;
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
     * How the rows are dealt out, for the workers.
     *
     * @return a function from a worker's rank and blocks to its rows
     */
    public RowsReader reader() {
        return new RowsReader(layout);
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
     * A number that differs when the rows, or how they are packed, differ.
     *
     * @return a hash of all rows
     */
    public long fingerprint() {
        return layout.fingerprint();
    }

    /** Removes the packed rows from Spark's storage, and the shuffle's files. Closing twice does nothing. */
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

    /** Rank r's rows go to partition r. */
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

    /** Cuts blocks where the rows of one worker end and those of the next begin. */
    private static final class Dealer implements Iterator<Tuple2<Integer, byte[]>> {
        private final Layout layout;
        private final Iterator<byte[]> blocks;
        private List<Tuple2<Integer, byte[]>> ready = new ArrayList<>();

        Dealer(Layout layout, Iterator<byte[]> blocks) {
            this.layout = layout;
            this.blocks = blocks;
        }

        @Override
        public boolean hasNext() {
            while (ready.isEmpty() && blocks.hasNext()) {
                cut(new PackedBlock(blocks.next()));
            }
            return !ready.isEmpty();
        }

        @Override
        public Tuple2<Integer, byte[]> next() {
            hasNext();
            return ready.remove(0);
        }

        private void cut(PackedBlock b) {
            long start = layout.start(b);
            boolean v = b.isValidation();
            for (int r = 0; r < layout.workers(); r++) {
                long from = Math.max(start, layout.bound(v, r));
                long to = Math.min(start + b.rows(), layout.bound(v, r + 1));
                if (from < to) {
                    ready.add(new Tuple2<>(
                            r, b.slice((int) (from - start), (int) (to - start)).bytes()));
                }
            }
        }
    }
}
