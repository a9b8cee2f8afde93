package io.kiln.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.kiln.backend.Backends;
import io.kiln.backend.Context;
import io.kiln.backend.Device;
import io.kiln.backend.Event;
import io.kiln.backend.Queue;
import io.kiln.backend.Span;
import io.kiln.backend.Storage;
import io.kiln.ndarray.ArrayFactory;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.LateCheck;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.internal.Memory;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Blocks, copies, queues and events. */
class MemoryTest {
    private static final Duration PATIENCE = Duration.ofMinutes(1);
    private final CudaBackend backend = RequiresCuda.device();

    @Test
    void bytesGoToTheDeviceAndComeBack() {
        Storage host = backend.hostMemory().allocate(backend, 64);
        Storage device = backend.allocator().allocate(backend, 256);
        Storage other = backend.allocator().allocate(backend, 256);
        Queue queue = backend.queue();
        for (int i = 0; i < 64; i++) {
            Memory.putByte(host.address() + i, (byte) (3 * i));
        }
        queue.fill(Span.of(device), (byte) 7);
        queue.copy(Span.of(device).slice(100, 64), Span.of(host));
        queue.copy(Span.of(other).slice(1, 100), Span.of(device).slice(80, 100));
        queue.copy(Span.of(host).slice(0, 22), Span.of(other).slice(19, 22));
        queue.synchronize(PATIENCE);
        byte[] got = new byte[22];
        Memory.get(host.address(), got, 0, 22);
        byte[] expected = new byte[22];
        for (int i = 0; i < 22; i++) {
            expected[i] = (byte) (i < 2 ? 7 : 3 * (i - 2));
        }
        assertArrayEquals(expected, got);
        host.release();
        device.release();
        other.release();
    }

    @Test
    void aFreedBlockIsUsedAgain() {
        Storage first = backend.allocator().allocate(backend, 12_345);
        long name = first.address();
        long held = backend.allocator().heldBytes();
        first.release();
        Storage second = backend.allocator().allocate(backend, 12_300);
        assertEquals(name, second.address());
        assertEquals(held, backend.allocator().heldBytes());
        second.release();
    }

    @Test
    void whatLateChecksDescribeIsFreedWithThem() {
        long live = backend.allocator().liveBytes();
        try (Scope scope = Scope.open()) {
            NDArray one = ArrayFactory.on(backend.device()).of(1);
            NDArray subject = ArrayFactory.on(backend.device()).of(new float[1 << 18]);
            for (int i = 0; i < 3; i++) {
                LateCheck.notZero(one, subject, x -> new IllegalStateException("never"));
            }
            assertEquals(1, one.item());
        }
        assertEquals(live, backend.allocator().liveBytes());
    }

    @Test
    void aBlockOfTheDeviceHasNoAddressForJava() {
        try (Scope scope = Scope.open()) {
            NDArray x = ArrayFactory.on(backend.device()).of(1, 2, 3);
            assertFalse(backend.traits().hostAddressable());
            assertThrows(IllegalStateException.class, () -> Memory.getFloat(x.address()));
        }
    }

    @Test
    void aQueueAwaitsWorkOfAnother() {
        try (Scope scope = Scope.open()) {
            NDArray x = ArrayFactory.on(backend.device()).zeros(Shape.of(1 << 20), DType.FLOAT32);
            for (int i = 0; i < 20; i++) {
                x.assign(x.add(1));
            }
            Event written = Context.current().queue(backend).record();
            NDArray y;
            try (Context own = Context.open(backend.device())) {
                own.queue().await(written);
                y = x.mul(2);
                x.storage().usedOn(own.queue());
                assertEquals(40, y.slice(0, 777, 778).item());
            }
            assertEquals(20 * (double) (1 << 20), x.sum().item());
        }
    }

    @Test
    void memoryOfAnotherDeviceOfTheTypeIsCopied() {
        boolean found = new CudaBackendProvider().survey().devices().size() > 1;
        assumeTrue(found, "a second device, as with KILN_TEST_DRIVER_DEVICES=2");
        CudaBackend second = (CudaBackend) Backends.get(new Device(CudaBackend.TYPE, 1));
        Storage here = backend.allocator().allocate(backend, 100);
        Storage there = second.allocator().allocate(second, 100);
        Storage host = second.hostMemory().allocate(second, 10);
        backend.queue().fill(Span.of(here), (byte) 5);
        second.queue().copy(Span.of(there).slice(20, 30), Span.of(here).slice(7, 30));
        second.queue().copy(Span.of(host), Span.of(there).slice(35, 10));
        second.queue().synchronize(PATIENCE);
        assertEquals(5, Memory.getByte(host.address() + 9));
        here.release();
        there.release();
        host.release();
    }

    @Test
    void anEventIsDoneWhenItsWorkIs() {
        try (Scope scope = Scope.open();
                Queue queue = backend.newQueue("test")) {
            Storage block = backend.allocator().allocate(backend, 1 << 24);
            queue.fill(Span.of(block), (byte) 1);
            Event event = queue.record();
            event.synchronize(PATIENCE);
            assertTrue(event.isDone());
            block.release();
        }
    }
}
