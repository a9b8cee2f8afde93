package io.kiln.spark.stage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

@Tag("core")
@Timeout(120)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BarrierStageTest {
    private static final AtomicInteger STARTED = new AtomicInteger();
    private static final AtomicInteger ENDED = new AtomicInteger();
    private static final AtomicBoolean STRUCK = new AtomicBoolean();
    private JavaSparkContext context;

    @BeforeAll
    void start() {
        context = new JavaSparkContext(new SparkConf()
                .setMaster("local[2]")
                .setAppName("barrier-stage")
                .set("spark.ui.enabled", "false")
                .set("spark.driver.host", "127.0.0.1"));
    }

    @AfterAll
    void stop() {
        context.close();
    }

    /** Tasks that go on until the test has struck, and for a while more, whatever is said to them. */
    private static Integer stubborn(boolean fails) {
        int number = STARTED.incrementAndGet();
        if (fails && number % 2 == 1) {
            while (STARTED.get() == number) {
                Thread.onSpinWait();
            }
            throw new IllegalStateException("on purpose");
        }
        goOn(STRUCK::get, 60);
        goOn(() -> false, 1);
        return ENDED.incrementAndGet();
    }

    private static void goOn(BooleanSupplier over, int seconds) {
        long end = System.nanoTime() + seconds * 1_000_000_000L;
        while (!over.getAsBoolean() && System.nanoTime() < end) {
            LockSupport.parkNanos(10_000_000);
            Thread.interrupted();
        }
    }

    private List<Integer> stage(boolean fails, BarrierStage.Idle idle) throws Exception {
        return BarrierStage.run(
                context.parallelize(List.of(1, 2), 2),
                null,
                rows -> List.of(stubborn(fails)).iterator(),
                idle,
                Duration.ofSeconds(60));
    }

    @Test
    void whenItIsCancelledItsTasksHaveEnded() {
        int before = ENDED.get();
        int started = STARTED.get();
        STRUCK.set(false);
        assertThrows(
                ExecutionException.class,
                () -> stage(false, () -> {
                    if (STARTED.get() == started + 2 && !STRUCK.getAndSet(true)) {
                        context.sc().cancelAllJobs();
                    }
                }));
        assertEquals(before + 2, ENDED.get());
    }

    @Test
    void whenItsCallerIsInterruptedItsTasksHaveEnded() {
        int before = ENDED.get();
        int started = STARTED.get();
        STRUCK.set(false);
        assertThrows(
                InterruptedException.class,
                () -> stage(false, () -> {
                    if (STARTED.get() == started + 2 && !STRUCK.getAndSet(true)) {
                        Thread.currentThread().interrupt();
                    }
                }));
        assertEquals(before + 2, ENDED.get());
    }

    @Test
    void whenOneTaskFailsTheOthersHaveEnded() {
        int before = ENDED.get();
        STRUCK.set(true);
        ExecutionException e = assertThrows(ExecutionException.class, () -> stage(true, () -> {}));
        assertTrue(
                e.getCause().getMessage().contains("on purpose"), e.getCause().getMessage());
        assertEquals(before + 1, ENDED.get());
    }
}
