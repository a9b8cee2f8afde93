package io.kiln.fake;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.kiln.backend.Context;
import io.kiln.backend.Device;
import io.kiln.backend.Event;
import io.kiln.backend.OutOfDeviceMemoryException;
import io.kiln.ndarray.ArrayFactory;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.HostView;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.internal.Memory;
import io.kiln.op.index.Indexing;
import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The fake device finds what it is there to find. */
@Tag("device")
class FakeBackendTest {
    private static final Device DEVICE = new Device(FakeBackend.TYPE, 0);

    private final FakeBackend fake = FakeBackend.get(0);
    private Context context;
    private Scope scope;

    @BeforeEach
    void open() {
        context = Context.open(DEVICE);
        scope = Scope.open();
    }

    @AfterEach
    void close() {
        fake.faults().clear();
        scope.close();
        context.close();
    }

    @Test
    void javaCannotReadItsMemory() {
        assumeTrue(Memory.class.desiredAssertionStatus(), "addresses are checked where assertions are on");
        NDArray x = NDArray.of(1, 2);
        IllegalStateException e = assertThrows(IllegalStateException.class, () -> Memory.getFloat(x.address()));
        assertTrue(e.getMessage().contains("NDArray.read()"), e.getMessage());
        assertArrayEquals(new float[] {1, 2}, x.toFloatArray());
    }

    @Test
    void memoryIsFullOfNanWhenItIsHandedOutAndWhenItHasComeBack() {
        NDArray x = NDArray.empty(Shape.of(3), DType.FLOAT32);
        assertTrue(Double.isNaN(x.sum().item()));
        x.fill(1);
        NDArray view = x.view(x.shape(), x.strides(), 0);
        assertEquals(3, view.sum().item());
        x.close();
        view.close();
        NDArray again = NDArray.empty(Shape.of(3), DType.FLOAT64);
        assertTrue(Double.isNaN(again.sum().item()));
    }

    @Test
    void aBatchReadBeforeItsEventIsFound() {
        float[] ones = new float[1024]; // the sum needs other blocks, for which nothing waits
        Arrays.fill(ones, 1);
        int early = 0;
        for (int i = 0; i < 20; i++) {
            NDArray batch = NDArray.zeros(Shape.of(ones.length), DType.FLOAT32);
            context.queue().synchronize(Duration.ofSeconds(10));
            Event filled;
            double sum;
            try (Context feeder = Context.open(DEVICE)) {
                try (HostView to = batch.write()) {
                    to.put(0, ones, 0, ones.length);
                }
                filled = feeder.queue().record();
                sum = onAnotherQueue(batch);
            }
            early += sum == ones.length ? 0 : 1;
            context.queue().await(filled);
            assertEquals(ones.length, batch.sum().item());
        }
        assertTrue(early > 0, "a queue that awaits nothing has always read late enough");
    }

    /** The sum as a thread computes it that awaits nothing. */
    private static double onAnotherQueue(NDArray x) {
        try (Context other = Context.open(DEVICE);
                Scope own = Scope.open()) {
            return x.sum().item();
        }
    }

    @Test
    void aQueueAwaitsWhatAnotherOneWrites() {
        for (int i = 0; i < 200; i++) {
            try (Context writer = Context.open(DEVICE);
                    Scope own = Scope.open()) {
                NDArray x = NDArray.full(Shape.of(8), i, DType.FLOAT32).add(1);
                Event written = writer.queue().record();
                try (Context reader = Context.open(DEVICE);
                        Scope inner = Scope.open()) {
                    reader.queue().await(written);
                    assertEquals(8 * (i + 1), x.sum().item());
                }
            }
        }
    }

    @Test
    void whatAKernelFindsWrongWithValuesIsToldToWhoeverWaits() {
        NDArray x = NDArray.of(1, 2, 3);
        NDArray y = Indexing.gather(x, NDArray.of(Shape.of(1), 7L), 0);
        IndexOutOfBoundsException e = assertThrows(IndexOutOfBoundsException.class, y::toFloatArray);
        assertTrue(e.getMessage().contains("7"), e.getMessage());
        assertArrayEquals(new float[] {2, 3, 4}, x.add(1).toFloatArray(), "the queue goes on");
    }

    @Test
    void whatNobodyHasWaitedForIsToldWhenItsQueueEnds() {
        Context task = Context.open(DEVICE);
        Indexing.gather(NDArray.of(1, 2, 3), NDArray.of(Shape.of(1), 7L), 0);
        assertThrows(IndexOutOfBoundsException.class, task::close);
        assertSame(context, Context.current());
    }

    @Test
    void aKernelOrCopyThatFailsLosesItsQueue() {
        Context lost = Context.open(DEVICE);
        NDArray x = NDArray.of(1, 2).add(1);
        fake.faults().failKernel(1);
        x.mul(2);
        IllegalStateException e =
                assertThrows(IllegalStateException.class, () -> x.add(1).toFloatArray());
        assertTrue(e.getMessage().startsWith("fake(0)"), e.getMessage());
        assertThrows(IllegalStateException.class, lost::close);
        fake.faults().failCopy(1);
        Context fresh = Context.open(DEVICE);
        assertThrows(IllegalStateException.class, () -> NDArray.of(5).item());
        assertThrows(IllegalStateException.class, fresh::close);
    }

    @Test
    void memoryOfALostQueueIsGivenBack() {
        fake.allocator().trim();
        long before = fake.allocator().heldBytes();
        Context lost = Context.open(DEVICE);
        fake.faults().failKernel(1);
        NDArray.zeros(Shape.of(1 << 10), DType.FLOAT32).add(1).close();
        fake.allocator().trim();
        assertThrows(IllegalStateException.class, lost::close);
        assertTrue(fake.allocator().heldBytes() - before < 2 * (4L << 10), "the result's block was given back");
    }

    @Test
    void memoryEndsWhereTheTestWants() {
        fake.allocator().trim();
        fake.faults().capacity(1 << 20);
        OutOfDeviceMemoryException e =
                assertThrows(OutOfDeviceMemoryException.class, () -> NDArray.empty(Shape.of(1 << 20), DType.FLOAT32));
        assertTrue(e.getMessage().contains("asked for 4194304 bytes"), e.getMessage());
        fake.faults().clear();
        fake.faults().refuseAllocations(1);
        assertFalse(NDArray.zeros(Shape.of(1 << 18), DType.FLOAT32).isClosed());
    }

    @Test
    void nothingWaitsUntilAValueIsWanted() {
        NDArray x = ArrayFactory.on(DEVICE).of(1, 2, 3);
        long before = fake.counters().synchronizations();
        NDArray y = x.mul(x).add(1).sum().sqrt();
        y.reshape(1).broadcastTo(Shape.of(3)).copy();
        assertEquals(before, fake.counters().synchronizations());
        assertEquals(Math.sqrt(17), y.item(), 1e-6);
        assertEquals(before + 1, fake.counters().synchronizations());
        context.queue().synchronize(Duration.ofSeconds(10));
    }
}
