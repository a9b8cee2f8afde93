package io.kiln.ndarray;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.backend.Context;
import io.kiln.backend.Device;
import io.kiln.fake.FakeBackend;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the host knows of arrays on a device, and when it has to wait for them. */
class PrefetchTest {
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
        scope.close();
        context.close();
    }

    private <T> T waiting(int times, Supplier<T> read) {
        long before = fake.counters().synchronizations();
        T result = read.get();
        assertEquals(times, fake.counters().synchronizations() - before);
        return result;
    }

    @Test
    void oneWaitServesAllThatWasPrefetched() {
        NDArray x = NDArray.of(1, 2, 3);
        NDArray sum = waiting(0, () -> x.sum().prefetch());
        NDArray square = waiting(0, () -> x.mul(x).prefetch());
        assertFalse(square.isKnownToHost());
        assertEquals(6, waiting(1, sum::item));
        assertTrue(square.isKnownToHost());
        assertArrayEquals(new float[] {1, 4, 9}, waiting(0, square::toFloatArray));
        assertArrayEquals(
                new float[] {4, 9}, waiting(0, () -> square.slice(0, 1, 3).toFloatArray()));
    }

    @Test
    void whatIsOverwrittenLaterIsCopiedAgain() {
        NDArray x = NDArray.of(1, 2, 3).add(1).prefetch();
        x.fill(7);
        assertFalse(x.isKnownToHost());
        assertArrayEquals(new float[] {7, 7, 7}, waiting(1, x::toFloatArray));
        x.prefetch();
        x.set(1, 5);
        x.prefetch();
        assertArrayEquals(new float[] {7, 5, 7}, waiting(1, x::toFloatArray));
    }

    @Test
    void anArrayThatIsNotRowMajorIsReadFromACopy() {
        NDArray x = NDArray.of(Shape.of(2, 2), 1f, 2f, 3f, 4f).add(0).transpose();
        NDArray prefetched = x.prefetch();
        assertArrayEquals(new float[] {1, 3, 2, 4}, waiting(1, prefetched::toFloatArray));
    }

    @Test
    void integersThatJavaHasWrittenStayKnown() {
        NDArray ids = NDArray.of(Shape.of(2, 2), 4L, 5, 6, 7);
        assertTrue(ids.isKnownToHost());
        assertArrayEquals(
                new long[] {4, 5, 6, 7}, waiting(0, () -> ids.reshape(4).toLongArray()));
        assertFalse(NDArray.of(1, 2).isKnownToHost(), "elements of floating type do not count anything");
        ids.fill(3);
        assertFalse(ids.isKnownToHost());
        assertArrayEquals(new long[] {3, 3, 3, 3}, waiting(1, ids::toLongArray));
    }

    @Test
    void anotherQueueMakesItsOwnCopy() {
        NDArray x = NDArray.of(1, 2, 3).mul(2).prefetch();
        assertArrayEquals(new float[] {2, 4, 6}, waiting(1, x::toFloatArray));
        try (Context other = Context.open(DEVICE);
                Scope inner = Scope.open()) {
            assertFalse(x.isKnownToHost());
            assertArrayEquals(new float[] {2, 4, 6}, x.toFloatArray());
            x.prefetch();
            assertArrayEquals(new float[] {2, 4, 6}, waiting(1, x::toFloatArray));
        }
        assertArrayEquals(new float[] {2, 4, 6}, x.toFloatArray());
    }

    @Test
    void copiesOfFreedArraysAreFreed() {
        long before = fake.hostMemory().liveBytes();
        try (Scope inner = Scope.open()) {
            NDArray ids = NDArray.of(Shape.of(2), 4L, 5);
            ids.add(1).prefetch();
            ids.sum().prefetch().item();
            assertTrue(fake.hostMemory().liveBytes() > before);
        }
        assertEquals(before, fake.hostMemory().liveBytes());
    }

    @Test
    void inMemoryOfTheProcessorNothingIsCopied() {
        try (Context there = Context.open(Device.cpu());
                Scope inner = Scope.open()) {
            NDArray x = NDArray.of(1, 2).add(1);
            assertSame(x, x.prefetch());
            assertTrue(x.isKnownToHost());
            assertTrue(x.transpose().isKnownToHost());
        }
    }
}
