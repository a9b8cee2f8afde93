package io.kiln.spark.feed;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.backend.Backends;
import io.kiln.ndarray.DType;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.storage.StorageLevel;
import org.apache.spark.unsafe.Platform;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(120)
class WorkerRowsTest {
    private static final int ROWS = 5000;
    private static final int WIDTH = 100;

    private static JavaSparkContext context(boolean encrypts) {
        return new JavaSparkContext(new SparkConf()
                .setMaster("local[1]")
                .setAppName("worker-rows")
                .set("spark.ui.enabled", "false")
                .set("spark.driver.host", "127.0.0.1")
                .set("spark.authenticate", Boolean.toString(encrypts))
                .set("spark.authenticate.secret", "secret")
                .set("spark.io.encryption.enabled", Boolean.toString(encrypts)));
    }

    /** Blocks of rows: feature k of row i is {@code i + k / 128}. */
    private static Iterator<byte[]> blocks() {
        BlockBuilder builder = new BlockBuilder(
                false,
                0,
                List.of(new Field("x", List.of("x"), List.of(), DType.FLOAT32, List.of((long) WIDTH), null, null)));
        List<byte[]> blocks = new ArrayList<>();
        float[] row = new float[WIDTH];
        for (int i = 0; i < ROWS; i++) {
            for (int k = 0; k < WIDTH; k++) {
                row[k] = i + k / 128f;
            }
            builder.column(0).fixed(row, Platform.FLOAT_ARRAY_OFFSET);
            builder.end(i, 1);
            if (builder.isFull()) {
                blocks.add(builder.build());
            }
        }
        blocks.add(builder.build());
        return blocks.iterator();
    }

    private static JavaRDD<byte[]> stored(JavaSparkContext context, StorageLevel level) {
        return context.parallelize(List.of(0), 1).mapPartitions(it -> blocks()).persist(level);
    }

    private static RowsReader reader(int rdd) {
        return new RowsReader(Layout.of(List.of(Layout.Part.of(blocks())), 1), rdd, false);
    }

    /** The blocks of an iterator that the heap still holds after its rows were read. */
    private static long onHeap(RowsReader reader, Iterator<byte[]> stored) {
        List<WeakReference<byte[]>> seen = new ArrayList<>();
        Iterator<byte[]> watched = new Iterator<>() {
            @Override
            public boolean hasNext() {
                return stored.hasNext();
            }

            @Override
            public byte[] next() {
                byte[] b = stored.next();
                seen.add(new WeakReference<>(b));
                return b;
            }
        };
        try (WorkerRows rows = reader.read(0, watched)) {
            System.gc();
            long held = seen.stream().filter(r -> r.get() != null).count();
            check(rows.training());
            return held;
        }
    }

    private static void check(RowSet rows) {
        assertEquals(ROWS, rows.size());
        try (Batch batch = new Batch(Backends.current(), new Batch.Form(3, DType.FLOAT32, WIDTH))) {
            for (int first : new int[] {0, 2600, ROWS - 3}) {
                batch.fill(rows, new BatchRows(first, first + 1, first + 2), new FeedThreads(1));
                for (int i = 0; i < 3; i++) {
                    assertEquals(first + i, batch.label(i));
                    assertEquals(first + i + 99 / 128f, batch.features().get(i, WIDTH - 1));
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "MEMORY_ONLY,false,true",
        "MEMORY_AND_DISK,false,true",
        "MEMORY_AND_DISK_SER,false,false",
        "DISK_ONLY,false,false",
        "DISK_ONLY,true,false"
    })
    void onlyBlocksThatSparkHoldsAsObjectsStayOnTheHeap(String level, boolean encrypts, boolean referred) {
        try (JavaSparkContext context = context(encrypts)) {
            JavaRDD<byte[]> rdd = stored(context, StorageLevel.fromString(level));
            rdd.count();
            RowsReader reader = reader(rdd.id());
            long blocks = rdd.count();
            List<Long> held = rdd.mapPartitions(
                            it -> List.of(onHeap(reader, it)).iterator())
                    .collect();
            assertEquals(List.of(referred ? blocks : 0L), held);
        }
    }

    @Test
    void rowsThatAreReadStayInSparksMemory() {
        try (JavaSparkContext context = context(false)) {
            JavaRDD<byte[]> rdd = stored(context, StorageLevel.MEMORY_ONLY());
            rdd.count();
            RowsReader reader = reader(rdd.id());
            assertEquals(
                    List.of(true),
                    rdd.mapPartitions(it -> List.of(isLocked(reader, it)).iterator())
                            .collect());
        }
    }

    /** Whether Spark keeps the blocks while rows are read, however much it would like their memory. */
    private static boolean isLocked(RowsReader reader, Iterator<byte[]> stored) {
        var memory = org.apache.spark.SparkEnv.get().blockManager().memoryStore();
        var id = new org.apache.spark.storage.RDDBlockId(reader.rdd(), 0);
        try (WorkerRows rows = reader.read(0, stored)) {
            memory.evictBlocksToFreeSpace(
                    scala.Option.empty(), Long.MAX_VALUE / 2, org.apache.spark.memory.MemoryMode.ON_HEAP);
            return memory.contains(id) && rows.training().size() == ROWS;
        }
    }

    @Test
    void otherRowsThanThosePackedFirstAreRefused() {
        try (JavaSparkContext context = context(false)) {
            RowsReader reader = reader(-1);
            String message = context.parallelize(List.of(0), 1)
                    .map(i -> assertThrows(RowsChangedException.class, () -> reader.read(0, changed()))
                            .getMessage())
                    .first();
            assertTrue(message.contains("partition 0") && message.contains("rows 0 to"), message);
            String fewer = context.parallelize(List.of(0), 1)
                    .map(i -> assertThrows(
                                    RowsChangedException.class,
                                    () -> reader.read(0, List.<byte[]>of().iterator()))
                            .getMessage())
                    .first();
            assertTrue(fewer.contains("now it has 0"), fewer);
        }
    }

    private static Iterator<byte[]> changed() {
        Iterator<byte[]> all = blocks();
        List<byte[]> list = new ArrayList<>();
        all.forEachRemaining(list::add);
        list.get(0)[PackedBlock.HEADER + 16 * 300] ^= 1;
        return list.iterator();
    }

    @Test
    void rowsAreNotReadAfterTheirEnd() {
        try (JavaSparkContext context = context(false)) {
            RowsReader reader = reader(-1);
            String message = context.parallelize(List.of(0), 1)
                    .map(i -> {
                        WorkerRows rows = reader.read(0, blocks());
                        rows.close();
                        try (Batch batch = new Batch(Backends.current(), new Batch.Form(1, DType.FLOAT32, WIDTH))) {
                            return assertThrows(
                                            IllegalStateException.class,
                                            () -> batch.fill(rows.training(), new BatchRows(0), new FeedThreads(1)))
                                    .getMessage();
                        }
                    })
                    .first();
            assertTrue(message.contains("closed"), message);
        }
    }
}
