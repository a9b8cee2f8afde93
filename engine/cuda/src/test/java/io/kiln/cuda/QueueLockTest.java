package io.kiln.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.kiln.backend.Context;
import io.kiln.backend.Queue;
import io.kiln.backend.Span;
import io.kiln.cuda.driver.TestDriver;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.op.Dispatch;
import io.kiln.op.activation.Activation;
import io.kiln.op.linalg.MatMul;
import io.kiln.op.nn.Convolution;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A queue whose libraries need memory waits for other queues without its own lock, which these may need meanwhile. */
@Timeout(100)
class QueueLockTest {
    private static final Duration PATIENCE = Duration.ofMinutes(1);

    private final CudaBackend backend = RequiresCuda.device();

    /**
     * The allocation of a workspace fails, so that memory that another queue still uses has to be given back: while the
     * thread waits for it, others go on to use the thread's queue.
     *
     * @param allocations how many come before that of the workspace
     */
    private void waitsWithoutTheLock(int allocations, Supplier<NDArray> operation, double... expected)
            throws InterruptedException {
        assumeFalse(Boolean.getBoolean("kiln.cuda.real"), "the test driver holds streams");
        assumeFalse(RequiresCuda.splitsBlocks(), "what another queue uses is split, not given back");
        TestDriver driver = TestDriver.load();
        driver.log();
        AtomicReference<Queue> queue = new AtomicReference<>();
        AtomicReference<double[]> got = new AtomicReference<>();
        try (Scope scope = Scope.open();
                Context there = Context.open(backend.device())) {
            NDArray mine = NDArray.of(
                    Shape.of(1000), new double[1000]); // larger than what the operation needs beside the workspace
            NDArray used = mine.mul(2);
            mine.assign(used); // its kernel is there from now on
            Context.current().queue(backend).synchronize(PATIENCE);
            Thread thread = new Thread(() -> {
                try (Context own = Context.open(backend.device());
                        Scope inner = Scope.open()) {
                    queue.set(Context.current().queue(backend));
                    got.set(operation.get().toDoubleArray());
                }
            });
            thread.setDaemon(true);
            try {
                backend.allocator().trim();
                driver.set("hold", 1);
                mine.assign(used);
                used.close();
                driver.set("fail_alloc", allocations + 1);
                thread.start();
                long end = System.nanoTime() + PATIENCE.toNanos();
                while (thread.getState() != Thread.State.TIMED_WAITING || !waitsInTrim(thread)) {
                    assertTrue(thread.isAlive() && System.nanoTime() < end, "it does not wait");
                    Thread.onSpinWait();
                }
                Thread other = new Thread(() -> queue.get().fill(Span.of(mine.storage()), (byte) 0));
                other.setDaemon(true);
                other.start();
                other.join(10_000);
                assertFalse(other.isAlive(), "the queue is locked by the thread that waits");
                assertTrue(waitsInTrim(thread), "it waits no more");
            } finally {
                driver.set("fail_alloc", 0);
                driver.set("hold", 0);
            }
            thread.join(PATIENCE.toMillis());
            assertFalse(thread.isAlive());
            assertArrayEquals(expected, got.get());
        }
        assertEquals("", driver.log());
    }

    private static boolean waitsInTrim(Thread thread) {
        for (StackTraceElement e : thread.getStackTrace()) {
            if (e.getMethodName().equals("trim")) {
                return true;
            }
        }
        return false;
    }

    @Test
    void cublas() throws InterruptedException {
        try (Context there = Context.open(backend.device());
                Scope scope = Scope.open()) {
            NDArray a = NDArray.of(Shape.of(2, 2), 1, 2, 3, 4).cast(DType.FLOAT32);
            waitsWithoutTheLock(1, () -> Dispatch.one(new MatMul(), a, a), 7, 10, 15, 22);
        }
    }

    @Test
    void cudnn() throws InterruptedException {
        Convolution convolution =
                new Convolution(List.of(1L, 1L), List.of(0L, 0L), List.of(1L, 1L), 1, Activation.NONE);
        try (Context there = Context.open(backend.device());
                Scope scope = Scope.open()) {
            NDArray x = NDArray.ones(Shape.of(1, 1, 3, 5), DType.FLOAT32);
            NDArray w = NDArray.ones(Shape.of(1, 1, 3, 4), DType.FLOAT32);
            waitsWithoutTheLock(1, () -> Dispatch.one(convolution, x, w), 12, 12);
        }
    }
}
