package io.kiln.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.kiln.autograd.Autograd;
import io.kiln.backend.Allocator;
import io.kiln.backend.Context;
import io.kiln.backend.NotCapturableException;
import io.kiln.backend.OutOfDeviceMemoryException;
import io.kiln.backend.Queue;
import io.kiln.backend.Recording;
import io.kiln.backend.Span;
import io.kiln.backend.Storage;
import io.kiln.backend.Waits;
import io.kiln.compile.internal.CapturedWork;
import io.kiln.cuda.driver.TestDriver;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.InPlace;
import io.kiln.ndarray.IndexRangeException;
import io.kiln.ndarray.LateCheck;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.nn.Block;
import io.kiln.nn.Sequential;
import io.kiln.op.Dispatch;
import io.kiln.op.activation.Activation;
import io.kiln.op.index.Gather;
import io.kiln.op.linalg.MatMul;
import io.kiln.op.nn.Convolution;
import io.kiln.op.random.RandomGenerator;
import io.kiln.op.random.RandomUniform;
import io.kiln.pointwise.Expr;
import io.kiln.pointwise.PointwiseProgram;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Work that a queue captures runs when it is replayed, with what has changed since, and what cannot be captured is refused. */
class CaptureTest {
    private static final Duration PATIENCE = Duration.ofMinutes(1);

    private final CudaBackend backend = RequiresCuda.device();
    private TestDriver driver;
    private Context own;
    private Scope scope;
    private Queue queue;

    @BeforeEach
    void open() {
        assumeFalse(Boolean.getBoolean("kiln.cuda.real"), "counts are those of the test driver");
        driver = TestDriver.load();
        own = Context.open(backend.device());
        scope = Scope.open();
        queue = Context.current().queue(backend);
        queue.synchronize(PATIENCE);
        driver.reset();
        driver.log();
    }

    @AfterEach
    void close() {
        scope.close();
        own.close();
    }

    private static double[] values(NDArray x) {
        x.storage().bumpVersion(); // a replay does not
        return x.toDoubleArray();
    }

    @Test
    void workRunsOnlyWhenItIsReplayed() {
        NDArray x = NDArray.of(1, 2, 3);
        NDArray y = NDArray.of(0, 0, 0);
        Recording recording = queue.capture(() -> y.assign(x.mul(2).add(y)));
        assertArrayEquals(new double[] {0, 0, 0}, values(y));
        for (int i = 1; i <= 3; i++) {
            recording.replay();
            assertArrayEquals(new double[] {2 * i, 4 * i, 6 * i}, values(y));
        }
        assertEquals(3, driver.count("cuGraphLaunch"));
        recording.close();
        assertEquals(1, driver.count("cuGraphExecDestroy"));
        assertEquals(2, driver.count("cuGraphDestroy") + 1);
        IllegalStateException e = assertThrows(IllegalStateException.class, recording::replay);
        assertTrue(e.getMessage().contains("is closed"), e.getMessage());
        recording.close();
    }

    @Test
    void codeOfTheHostRunsInEachReplayBetweenTheWorkAroundIt() {
        NDArray x = NDArray.of(1, 2);
        List<String> seen = new ArrayList<>();
        Runnable host = () -> seen.add(Arrays.toString(values(x)));
        queue.between(host);
        assertEquals(List.of("[1.0, 2.0]"), seen, "at once outside of a capture");
        RandomGenerator.seed(2);
        double[] drawn = Dispatch.one(new RandomUniform(Shape.of(2), 0, 1, DType.FLOAT32))
                .toDoubleArray();
        RandomGenerator.seed(2);
        Recording recording = queue.capture(() -> {
            queue.between(host);
            x.assign(x.mul(3));
            queue.between(host);
            queue.between(host);
            x.assign(Dispatch.one(new RandomUniform(Shape.of(2), 0, 1, DType.FLOAT32)));
            queue.between(host);
        });
        assertEquals(1, seen.size(), "nothing has run");
        recording.replay();
        assertEquals(2, driver.count("cuGraphLaunch"), recording.toString());
        String random = Arrays.toString(drawn);
        assertEquals(List.of("[1.0, 2.0]", "[1.0, 2.0]", "[3.0, 6.0]", "[3.0, 6.0]", random), seen);
        assertEquals(1, RandomGenerator.state().draws());
        recording.close();
        assertEquals(2, driver.count("cuGraphExecDestroy"));
        assertEquals("", driver.log());
    }

    @Test
    void whatIsRefusedAfterACutFreesTheGraphsBeforeIt() {
        NDArray x = NDArray.of(1, 2);
        long live = backend.allocator().liveBytes();
        long instantiated = driver.count("cuGraphInstantiate");
        assertThrows(
                NotCapturableException.class,
                () -> queue.capture(() -> {
                    try (NDArray t = x.mul(3)) {
                        x.assign(t);
                    }
                    queue.between(() -> {});
                    x.fill(7);
                    x.toDoubleArray();
                }));
        assertEquals(1, driver.count("cuGraphInstantiate") - instantiated);
        assertEquals(1, driver.count("cuGraphExecDestroy"));
        assertEquals(live, backend.allocator().liveBytes());
        assertArrayEquals(new double[] {1, 2}, values(x));
    }

    @Test
    void productsCopiesAndFillsAreCaptured() {
        NDArray a = NDArray.of(Shape.of(2, 2), 1, 2, 3, 4).cast(DType.FLOAT32);
        NDArray y = NDArray.zeros(Shape.of(2, 2), DType.FLOAT32);
        Dispatch.one(new MatMul(), a, a);
        NDArray z = NDArray.ones(Shape.of(2, 2), DType.FLOAT32);
        CudaRecording recording = (CudaRecording) queue.capture(() -> {
            queue.fill(Span.of(z.storage()), (byte) 0);
            NDArray square = Dispatch.one(new MatMul(), a, a);
            queue.copy(Span.of(y.storage()), Span.of(square.storage()));
        });
        assertEquals(0, recording.kernels());
        assertEquals(3, recording.calls());
        queue.synchronize(PATIENCE); // the stream runs late
        driver.reset();
        recording.replay();
        assertArrayEquals(new double[] {7, 10, 15, 22}, values(y));
        assertArrayEquals(new double[4], values(z));
        assertEquals(1, driver.count("fills"));
        assertEquals(1, driver.count("library"));
        assertEquals(3, driver.count("copies"), "one in the graph, two for the values");
        recording.close();
    }

    @Test
    void scalarsAreReadAnew() {
        PointwiseProgram program = PointwiseProgram.of(Expr.input(0).mul(Expr.scalar(0)));
        NDArray x = NDArray.of(1, 2);
        NDArray y = NDArray.of(0, 0);
        double[] factor = {3};
        try (Recording recording =
                queue.capture(() -> InPlace.run(program, new NDArray[] {x}, new NDArray[] {y}, factor))) {
            recording.replay();
            assertArrayEquals(new double[] {3, 6}, values(y));
            assertEquals(0, driver.count("cuGraphExecKernelNodeSetParams"), "nothing has changed");
            factor[0] = 5;
            recording.replay();
            assertArrayEquals(new double[] {5, 10}, values(y));
            assertEquals(1, driver.count("cuGraphExecKernelNodeSetParams"));
        }
    }

    @Test
    void aReplayTakesTheDrawsThatTheCallsWouldTake() {
        RandomGenerator.seed(7);
        NDArray[] expected = new NDArray[3];
        for (int i = 0; i < 3; i++) {
            expected[i] = Dispatch.one(new RandomUniform(Shape.of(5), 0, 1, DType.FLOAT32));
        }
        RandomGenerator.seed(7);
        NDArray y = NDArray.zeros(Shape.of(5), DType.FLOAT32);
        try (Recording recording =
                queue.capture(() -> y.assign(Dispatch.one(new RandomUniform(Shape.of(5), 0, 1, DType.FLOAT32))))) {
            assertEquals(0, RandomGenerator.state().draws());
            for (NDArray e : expected) {
                recording.replay();
                assertArrayEquals(e.toDoubleArray(), values(y));
            }
            assertEquals(3, RandomGenerator.state().draws());
        }
    }

    @Test
    void memoryOfCapturedWorkIsItsOwn() {
        NDArray x = NDArray.of(Shape.of(1000), new double[1000]);
        NDArray y = x.add(1);
        long[] temporary = new long[1];
        Recording recording = queue.capture(() -> {
            try (NDArray t = x.add(1)) {
                temporary[0] = t.address();
                y.assign(t);
            }
        });
        NDArray[] later = new NDArray[20];
        for (int i = 0; i < later.length; i++) {
            later[i] = x.add(i);
            assertNotEquals(temporary[0], later[i].address());
        }
        recording.replay();
        for (int i = 0; i < later.length; i++) {
            assertEquals(i, later[i].toDoubleArray()[999]);
        }
        long live = backend.allocator().liveBytes();
        recording.close();
        assertTrue(backend.allocator().liveBytes() < live, "freed with the captured work");
    }

    @Test
    void anIndexOutOfRangeIsToldAtEachReplay() {
        NDArray x = NDArray.of(1, 2, 3);
        NDArray index = NDArray.of(Shape.of(2), new long[] {0, 2});
        NDArray y = NDArray.of(0, 0);
        try (Recording recording = queue.capture(() -> y.assign(Dispatch.one(new Gather(0), x, index)))) {
            recording.replay();
            assertArrayEquals(new double[] {1, 3}, values(y));
            for (int i = 0; i < 2; i++) {
                index.assign(NDArray.of(Shape.of(2), new long[] {1, 9}));
                recording.replay();
                IndexRangeException e = assertThrows(IndexRangeException.class, () -> queue.synchronize(PATIENCE));
                assertTrue(e.getMessage().contains("9"), e.getMessage());
            }
            index.assign(NDArray.of(Shape.of(2), new long[] {1, 1}));
            recording.replay();
            assertArrayEquals(new double[] {2, 2}, values(y));
        }
    }

    @Test
    void checksOfCapturedWorkAreNotThoseOfAThreadThatWaitsMeanwhile() {
        NDArray x = NDArray.of(1, 2, 3);
        NDArray index = NDArray.of(Shape.of(2), new long[] {1, 9});
        NDArray y = NDArray.of(0, 0);
        AtomicReference<Throwable> told = new AtomicReference<>();
        try (Recording recording = queue.capture(() -> {
            y.assign(Dispatch.one(new Gather(0), x, index));
            Thread other = new Thread(() -> queue.synchronize(PATIENCE));
            other.setUncaughtExceptionHandler((thread, e) -> told.set(e));
            other.start();
            join(other);
        })) {
            assertNull(told.get(), "nothing has run");
            recording.replay();
            assertThrows(IndexRangeException.class, () -> queue.synchronize(PATIENCE));
        }
    }

    private static void join(Thread thread) {
        try {
            thread.join(PATIENCE.toMillis());
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        assertFalse(thread.isAlive(), "it waits for ever");
    }

    @Test
    void theLayerOfAnIndexOutOfRangeIsNamedAtReplaysToo() {
        NDArray index = NDArray.of(Shape.of(1), new long[] {7});
        Block picks = new Sequential(new Block() {
            @Override
            public NDArray forward(NDArray x) {
                LateCheck.notZero(x.min(), x, zeros -> IndexRangeException.first("picks", "indices", index, 0, 2));
                return x.mul(2);
            }
        });
        CapturedWork.Work work = in -> new NDArray[] {picks.call(in[0])};
        NDArray good = NDArray.of(1, 2);
        NDArray bad = NDArray.of(0, 2);
        try (CapturedWork captured = new CapturedWork("picks");
                Autograd.Mode predict = Autograd.pause()) {
            String[] messages = new String[2];
            for (int i = 0; i < messages.length; i++) {
                NDArray wrong = captured.run(work, new NDArray[0], bad)[0];
                messages[i] = assertThrows(IndexRangeException.class, wrong::toDoubleArray)
                        .getMessage();
                for (int k = 0; k < 3; k++) {
                    assertArrayEquals(new double[] {2, 4}, captured.run(work, new NDArray[0], good)[0].toDoubleArray());
                }
            }
            assertEquals(6, driver.count("cuGraphLaunch"), "all but two");
            assertTrue(messages[0].startsWith("layer "), messages[0]);
            assertEquals(messages[0], messages[1]);
        }
    }

    @Test
    void aFaultIsToldHoweverManyReplaysFollow() {
        NDArray[] batches = new NDArray[6];
        Arrays.setAll(batches, i -> NDArray.of(1, 2));
        batches[3] = NDArray.of(2, 0);
        batches[4] = NDArray.of(0, 2);
        CapturedWork.Work work = in -> {
            LateCheck.notZero(
                    in[0].min(), in[0], numbers -> IndexRangeException.first("picks", "numbers", numbers, 1, 2));
            return new NDArray[] {in[0].mul(2)};
        };
        try (CapturedWork captured = new CapturedWork("picks");
                Autograd.Mode predict = Autograd.pause()) {
            for (int round = 0; round < 2; round++) {
                NDArray result = null;
                for (NDArray batch : batches) {
                    result = captured.run(work, new NDArray[0], batch)[0];
                }
                String message = assertThrows(IndexRangeException.class, result::toDoubleArray)
                        .getMessage();
                assertTrue(message.contains("got 0 at [1]"), message);
                assertArrayEquals(
                        new double[] {2, 4}, captured.run(work, new NDArray[0], batches[0])[0].toDoubleArray());
            }
            assertEquals(12, driver.count("cuGraphLaunch"), "all but two");
        }
    }

    @Test
    void whatChecksKeepIsFreedWithTheWorkAndAFaultIsToldThereafter() {
        NDArray good = NDArray.of(1, 2);
        NDArray bad = NDArray.of(0, 2);
        queue.synchronize(PATIENCE);
        long live = backend.allocator().liveBytes();
        CapturedWork.Work work = in -> {
            try (Scope inner = Scope.open()) {
                LateCheck.notZero(
                        in[0].min(), in[0], numbers -> IndexRangeException.first("picks", "numbers", numbers, 1, 2));
            }
            return new NDArray[] {in[0].mul(2)};
        };
        Waits waits = Context.current().waits(backend);
        try (CapturedWork captured = new CapturedWork("picks");
                Autograd.Mode predict = Autograd.pause();
                Scope inner = Scope.open()) {
            for (int i = 0; i < 3; i++) {
                captured.run(work, new NDArray[0], good);
                waits.synchronize(PATIENCE);
            }
            captured.run(work, new NDArray[0], bad);
            assertEquals(2, driver.count("cuGraphLaunch"), "all but two");
        }
        String message = assertThrows(IndexRangeException.class, () -> waits.synchronize(PATIENCE))
                .getMessage();
        assertTrue(message.contains("got 0 at [0]"), message);
        assertEquals(live, backend.allocator().liveBytes(), "nothing is left");
    }

    @Test
    void aFaultThatCannotBeDescribedIsToldOnce() {
        NDArray good = NDArray.of(1, 2);
        CapturedWork.Work work = in -> {
            LateCheck.notZero(in[0].min(), in[0], numbers -> {
                throw new IllegalArgumentException("beyond description");
            });
            return new NDArray[] {in[0].mul(2)};
        };
        try (CapturedWork captured = new CapturedWork("picks");
                Autograd.Mode predict = Autograd.pause()) {
            for (int i = 0; i < 3; i++) {
                captured.run(work, new NDArray[0], good)[0].toDoubleArray();
            }
            NDArray wrong = captured.run(work, new NDArray[0], NDArray.of(0, 2))[0];
            assertThrows(IllegalArgumentException.class, wrong::toDoubleArray);
            for (int i = 0; i < 2; i++) {
                assertArrayEquals(new double[] {2, 4}, captured.run(work, new NDArray[0], good)[0].toDoubleArray());
            }
            assertTrue(driver.count("cuGraphLaunch") > 2, "replayed");
        }
    }

    @Test
    void workWhoseInputsHaveNoRoomForCopiesRunsAsItIs() {
        NDArray x = NDArray.of(1, 2, 3);
        NDArray huge = NDArray.of(1).broadcastTo(Shape.of(1L << 38));
        try (CapturedWork captured = new CapturedWork("sum")) {
            for (int i = 0; i < 4; i++) {
                NDArray[] y = captured.run(in -> new NDArray[] {in[0].add(1)}, new NDArray[0], x, huge);
                assertArrayEquals(new double[] {2, 3, 4}, y[0].toDoubleArray());
            }
        }
        assertEquals(0, driver.count("cuGraphLaunch"));
    }

    @Test
    void capturedWorkIsDroppedWhileAnotherThreadReturnsMemory() {
        NDArray x = NDArray.of(Shape.of(1000), new double[1000]);
        Recording recording = queue.capture(() -> {
            try (NDArray t = x.add(1)) {
                x.assign(t);
            }
        });
        Allocator memory = backend.allocator();
        Storage[] freed = {memory.allocate(backend, 16 << 20), memory.allocate(backend, 16 << 20)}; // whole segments
        queue.synchronize(PATIENCE);
        memory.trim();
        driver.set("hold", 1);
        Thread trim = new Thread(memory::trim);
        Thread drop = new Thread(recording::close);
        try {
            for (Storage block : freed) {
                queue.fill(Span.of(x.storage()), (byte) 0);
                block.release();
            }
            start(trim, Thread.State.TIMED_WAITING);
            drop.start();
            join(drop);
            assertTrue(trim.isAlive(), "its waits take no lock that others need");
        } finally {
            driver.set("hold", 0);
        }
        join(trim);
    }

    private static void start(Thread thread, Thread.State until) {
        thread.setDaemon(true);
        thread.start();
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (thread.getState() != until) {
            assertTrue(System.nanoTime() < end, () -> thread + " is " + thread.getState());
            Thread.onSpinWait();
        }
    }

    @Test
    void whatNeedsTheHostIsRefusedAndHasNotRun() {
        NDArray x = NDArray.of(1, 2, 3);
        NDArray big = NDArray.of(Shape.of(1, 2, 6, 6), new double[72]).cast(DType.FLOAT32);
        NDArray w = NDArray.of(Shape.of(2, 2, 3, 3), new double[36]).cast(DType.FLOAT32);
        Convolution convolution =
                new Convolution(List.of(1L, 1L), List.of(2L, 2L), List.of(1L, 1L), 1, Activation.NONE);
        Map<String, Runnable> cases = new LinkedHashMap<>();
        cases.put("it copies 12 bytes to the host", () -> x.add(1).toDoubleArray());
        cases.put("it copies 8 bytes from the host", () -> NDArray.of(1, 2));
        cases.put("it waits for the device", () -> queue.synchronize(PATIENCE));
        cases.put("random numbers that are drawn in Java", RandomGenerator::next);
        cases.put("it captures work within", () -> queue.capture(() -> {}));
        cases.put("cuDNN's algorithm for", () -> Dispatch.one(convolution, big, w));
        cases.put("cuDNN cannot be captured: it is out of sorts", () -> ((CudaQueue) queue).submitCudnn(c -> {
            throw new IllegalStateException("it is out of sorts");
        }));
        NDArray index = NDArray.of(Shape.of(1), new long[] {0}).add(1);
        cases.put("it checks more than 1024 arrays", () -> {
            for (int i = 0; i <= 1024; i++) {
                Dispatch.one(new Gather(0), x, index);
            }
        });
        RandomGenerator.seed(1);
        cases.forEach((message, work) -> {
            NotCapturableException e = assertThrows(
                    NotCapturableException.class,
                    () -> queue.capture(() -> {
                        x.fill(9);
                        work.run();
                    }),
                    message);
            assertTrue(e.getMessage().contains(message), e.getMessage());
            assertFalse(queue.isCapturing());
            assertArrayEquals(new double[] {1, 2, 3}, values(x), message);
            assertEquals(0, RandomGenerator.state().draws());
            driver.log();
        });
        Dispatch.one(convolution, big, w);
        try (Recording recording = queue.capture(() -> Dispatch.one(convolution, big, w))) {
            recording.replay();
            queue.synchronize(PATIENCE);
        }
        assertEquals("", driver.log());
    }

    @Test
    void anErrorOfTheWorkEndsTheCapture() {
        NDArray x = NDArray.of(1, 2, 3);
        long live = backend.allocator().liveBytes();
        IllegalArgumentException e = assertThrows(
                IllegalArgumentException.class,
                () -> queue.capture(() -> {
                    try (NDArray t = x.add(1)) {
                        x.assign(t);
                    }
                    throw new IllegalArgumentException("of the work");
                }));
        assertEquals("of the work", e.getMessage());
        assertEquals(live, backend.allocator().liveBytes(), "nothing is left");
        assertArrayEquals(new double[] {2, 4, 6}, x.mul(2).toDoubleArray());
        try (Recording recording = queue.capture(() -> x.fill(4))) {
            recording.replay();
            assertArrayEquals(new double[] {4, 4, 4}, values(x));
        }
    }

    @Test
    void anErrorOfWhatPreparesCapturedWorkFreesIt() {
        NDArray x = NDArray.of(1, 2, 3);
        long live = backend.allocator().liveBytes();
        Waits waits = Context.current().waits(backend);
        IllegalArgumentException e = assertThrows(
                IllegalArgumentException.class,
                () -> waits.capture(
                        () -> {
                            waits.prepare(() -> {
                                throw new IllegalArgumentException("of the preparation");
                            });
                            try (NDArray t = x.add(1)) {
                                x.assign(t);
                            }
                        },
                        new ArrayList<>()));
        assertEquals("of the preparation", e.getMessage());
        assertEquals(live, backend.allocator().liveBytes(), "nothing is left");
    }

    @Test
    void otherThreadsUseTheQueueMeanwhile() {
        NDArray x = NDArray.of(1, 2, 3);
        try (Recording recording = queue.capture(() -> {
            Thread other = new Thread(() -> queue.fill(Span.of(x.storage()), (byte) 0));
            other.start();
            join(other);
        })) {
            assertArrayEquals(new double[3], values(x));
            assertEquals(0, ((CudaRecording) recording).calls());
        }
    }

    @Test
    void memoryThatRunsOutEndsTheCapture() {
        NDArray x = NDArray.of(1, 2, 3);
        assertThrows(
                OutOfDeviceMemoryException.class,
                () -> queue.capture(() -> backend.allocator().allocate(backend, 1L << 40)));
        assertArrayEquals(new double[] {2, 4, 6}, x.mul(2).toDoubleArray());
    }
}
