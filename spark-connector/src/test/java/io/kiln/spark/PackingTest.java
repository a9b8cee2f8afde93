package io.kiln.spark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.ml.NetClassifier;
import io.kiln.spark.report.TrainingException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What happens before workers train: rows are packed and kept, and slots waited for. */
@Timeout(120)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PackingTest {
    private static final CountDownLatch NEVER = new CountDownLatch(1);
    private static final Semaphore REACHED = new Semaphore(0);

    private final Cluster cluster = Cluster.local(2);
    private final Dataset<Row> data = cluster.data(300);

    @AfterAll
    void stop() {
        cluster.close();
    }

    @AfterEach
    void nothingIsLeftBehind() {
        assertEquals(List.of(), cluster.blocks());
        assertEquals(Map.of(), cluster.context().getPersistentRDDs());
    }

    private NetClassifier fit() {
        return cluster.classifier().setNumWorkers(2).setMaxEpochs(2);
    }

    /** Waits until its task is interrupted. */
    private static boolean hang() throws InterruptedException {
        REACHED.release();
        NEVER.await();
        return true;
    }

    /** Rows whose computation does not end. */
    private Dataset<Row> hanging() {
        REACHED.drainPermits();
        UDF1<Double, Double> hangs = x -> hang() ? x : 0;
        return data.withColumn(
                "label", functions.udf(hangs, DataTypes.DoubleType).apply(functions.col("label")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"DISK_ONLY", "MEMORY_AND_DISK_SER", "MEMORY_ONLY"})
    void theStorageLevelChangesNoBits(String level) {
        assertArrayEquals(
                fit().fit(data).trainedNetwork().weights(),
                fit().setStorageLevel(level).fit(data).trainedNetwork().weights());
    }

    @Test
    void anInterruptEndsTheFitWhileRowsArePacked() throws Exception {
        Dataset<Row> rows = hanging();
        CompletableFuture<Throwable> ended = new CompletableFuture<>();
        Thread t = new Thread(() -> {
            try {
                fit().fit(rows);
                ended.complete(null);
            } catch (Throwable e) {
                ended.complete(e);
            }
        });
        t.start();
        REACHED.acquire();
        t.interrupt();
        Throwable e = ended.get(60, TimeUnit.SECONDS);
        assertTrue(e instanceof TrainingException && e.getMessage().contains("interrupted"), String.valueOf(e));
    }

    @Test
    void cancellingTheJobEndsTheFitWhileRowsArePacked() throws Exception {
        Dataset<Row> rows = hanging();
        CompletableFuture<Object> ended = CompletableFuture.supplyAsync(() -> {
            cluster.context().setJobGroup("cell", "a notebook's cell", false);
            return fit().fit(rows);
        });
        REACHED.acquire();
        cluster.context().cancelJobGroup("cell");
        Throwable e = assertThrows(ExecutionException.class, () -> ended.get(60, TimeUnit.SECONDS))
                .getCause();
        assertTrue(e instanceof TrainingException && e.getMessage().contains("cancelled"), String.valueOf(e));
        assertNull(cluster.context().getLocalProperty("spark.job.interruptOnCancel"));
    }

    @Test
    void slotsThatStayBusyEndTheFitAfterTheTimeout() throws Exception {
        REACHED.drainPermits();
        CompletableFuture<Long> hog = CompletableFuture.supplyAsync(() -> {
            cluster.context().setJobGroup("hog", "holds all slots", true);
            return cluster.context()
                    .parallelize(List.of(1, 2), 2)
                    .filter(i -> hang())
                    .count();
        });
        REACHED.acquire(2);
        TrainingException e = assertThrows(
                TrainingException.class,
                () -> fit().setHeartbeatTimeout(1).setTimeout(1).fit(data));
        assertTrue(e.getMessage().contains("within 1 s") && e.getMessage().contains("raise timeout"), e.getMessage());
        cluster.context().cancelJobGroup("hog");
        assertThrows(ExecutionException.class, () -> hog.get(60, TimeUnit.SECONDS));
    }

    @Test
    void aFailingSourceIsToldWithItsReason() {
        UDF1<Double, Double> fails = x -> {
            throw new IllegalArgumentException("no such sensor");
        };
        Dataset<Row> rows = data.withColumn(
                "label", functions.udf(fails, DataTypes.DoubleType).apply(functions.col("label")));
        TrainingException e = assertThrows(TrainingException.class, () -> fit().fit(rows));
        assertTrue(
                e.getMessage().contains("rows cannot be packed")
                        && e.getMessage().contains("no such sensor"),
                e.getMessage());
    }
}
