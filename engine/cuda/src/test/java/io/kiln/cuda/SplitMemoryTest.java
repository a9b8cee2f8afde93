package io.kiln.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.kiln.backend.Allocator;
import io.kiln.backend.Context;
import io.kiln.backend.Queue;
import io.kiln.backend.Recording;
import io.kiln.backend.Span;
import io.kiln.backend.Storage;
import io.kiln.ndarray.internal.Memory;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Split blocks of the driver's memory, which streams that run late still use when they are freed. */
class SplitMemoryTest {
    private static final Duration PATIENCE = Duration.ofMinutes(1);
    private static final int THREADS = 4;
    private static final int LARGEST = 32 << 10;

    private final CudaBackend backend = RequiresCuda.device();
    private final DeviceMemory memory = new DeviceMemory(backend.cudaDevice());

    private Allocator splitting(long budget) {
        return Allocator.splitting(memory::allocate, memory::free, budget, () -> "lower the batch", null);
    }

    private record Filled(Storage block, byte value) {}

    /** Fills blocks in its own queue, frees half of them at once, and looks at the others later. */
    private void fillAndCheck(Allocator a, int seed) {
        Random random = new Random(seed);
        Deque<Filled> kept = new ArrayDeque<>();
        try (Context own = Context.open(backend.device())) {
            Queue queue = own.queue();
            Storage host = backend.hostMemory().allocate(backend, LARGEST);
            for (int i = 0; i < 200; i++) {
                Filled now = new Filled(a.allocate(backend, 1 + random.nextInt(LARGEST)), (byte) random.nextInt());
                queue.fill(Span.of(now.block), now.value);
                if (random.nextBoolean()) {
                    now.block.release();
                } else {
                    kept.add(now);
                }
                if (kept.size() > 8) {
                    check(kept.remove(), host, queue);
                }
            }
            while (!kept.isEmpty()) {
                check(kept.remove(), host, queue);
            }
            host.release();
        }
    }

    private static void check(Filled then, Storage host, Queue queue) {
        int bytes = (int) then.block.bytes();
        queue.copy(Span.of(host).slice(0, bytes), Span.of(then.block));
        queue.synchronize(PATIENCE);
        byte[] got = new byte[bytes];
        Memory.get(host.address(), got, 0, bytes);
        for (byte b : got) {
            assertEquals(then.value, b);
        }
        then.block.release();
    }

    @Test
    void blocksGoFromStreamToStreamInOrder() throws Exception {
        Allocator a = splitting(2 << 20);
        ExecutorService pool = Executors.newFixedThreadPool(THREADS);
        try {
            List<Future<?>> done = new ArrayList<>();
            for (int t = 0; t < THREADS; t++) {
                int seed = t;
                done.add(pool.submit(() -> fillAndCheck(a, seed)));
            }
            for (Future<?> f : done) {
                f.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            }
        } finally {
            pool.shutdownNow();
        }
        assertTrue(a.heldBytes() <= 2 << 20);
        assertEquals(0, a.liveBytes());
        assertEquals(0, a.fragmentedBytes());
        a.trim();
        assertEquals(0, a.heldBytes());
    }

    @Test
    void memoryOfAGraphIsItsOwnUntilItIsClosed() {
        try (Context own = Context.open(backend.device())) {
            assumeTrue(backend.traits().captures(), "graphs");
            Queue queue = own.queue();
            Allocator a = splitting(2 << 20);
            Storage[] temporary = new Storage[1];
            Recording recording = queue.capture(() -> {
                temporary[0] = a.allocate(backend, 1000);
                queue.fill(Span.of(temporary[0]), (byte) 1);
                temporary[0].release();
            });
            a.trim();
            assertEquals(2 << 20, a.heldBytes(), "a segment that a graph has a part of");
            Storage rest = a.allocate(backend, (2 << 20) - 1024);
            assertEquals(temporary[0].address() + 1024, rest.address());
            queue.fill(Span.of(rest), (byte) 2);
            recording.replay();
            Storage host = backend.hostMemory().allocate(backend, LARGEST);
            queue.copy(Span.of(host).slice(0, 8), Span.of(rest).slice(0, 8));
            queue.synchronize(PATIENCE);
            assertEquals(2, Memory.getByte(host.address()));
            recording.close();
            rest.release();
            assertEquals(0, a.fragmentedBytes());
            a.trim();
            assertEquals(0, a.heldBytes());
            host.release();
        }
    }
}
