package io.kiln.cpu.onednn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.cpu.EngineThreads;
import io.kiln.cpu.natives.Natives;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class CpuContextTest {

    @Test
    void keepsNoMoreCallsThanItsCapacityAndStaysRight() throws Exception {
        inThread(() -> {
            try (Arena arena = new Arena()) {
                Tensor a = arena.random(1, 64);
                Tensor c = arena.random(1, 4000);
                Tensor b = arena.random(64, 4000);
                for (long n = 1; n <= CpuContext.CAPACITY + 200; n++) {
                    Tensor part = b.as(new long[] {64, n}, b.strides());
                    assertTrue(MatMul.run(a, part, null, c.as(new long[] {1, n}, c.strides()), PostOps.NONE));
                }
                assertEquals(CpuContext.CAPACITY, CpuContext.current().cachedCalls());
                double expected = 0;
                for (long k = 0; k < 64; k++) {
                    expected += (double) Arena.get(a, 0, k) * Arena.get(b, k, 7);
                }
                MatMul.run(
                        a,
                        b.as(new long[] {64, 8}, b.strides()),
                        null,
                        c.as(new long[] {1, 8}, c.strides()),
                        PostOps.NONE);
                assertEquals(expected, Arena.get(c, 0, 7), 1e-4);
            }
            return null;
        });
    }

    @Test
    void reusesACallWithOtherAddresses() throws Exception {
        inThread(() -> {
            try (Arena arena = new Arena()) {
                for (int i = 0; i < 10; i++) {
                    Tensor a = arena.random(3, 4);
                    Tensor b = arena.random(4, 2);
                    Tensor c = arena.random(3, 2);
                    MatMul.run(a, b, null, c, PostOps.NONE);
                    double expected = 0;
                    for (long k = 0; k < 4; k++) {
                        expected += (double) Arena.get(a, 2, k) * Arena.get(b, k, 1);
                    }
                    assertEquals(expected, Arena.get(c, 2, 1), 1e-5);
                }
                assertEquals(1, CpuContext.current().cachedCalls());
            }
            return null;
        });
    }

    @Test
    void servesSeveralThreadsAtOnceEachWithItsOwnThreadCount() throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(4);
        try {
            List<Future<Double>> errors = new ArrayList<>();
            for (int task = 0; task < 4; task++) {
                int threads = task % 2 + 1;
                errors.add(pool.submit(() -> worstError(threads)));
            }
            for (Future<Double> error : errors) {
                assertEquals(0, error.get(2, TimeUnit.MINUTES), 1e-4);
            }
        } finally {
            pool.shutdownNow();
        }
    }

    private static double worstError(int threads) {
        EngineThreads.set(threads);
        CpuContext context = CpuContext.current();
        assertEquals(threads, Natives.get().openMp().maxThreads());
        double worst = 0;
        try (Arena arena = new Arena()) {
            for (int round = 0; round < 40; round++) {
                Tensor a = arena.random(20 + round, 50);
                Tensor b = arena.random(50, 30);
                Tensor c = arena.random(20 + round, 30);
                MatMul.run(a, b, null, c, PostOps.NONE);
                double expected = 0;
                for (long k = 0; k < 50; k++) {
                    expected += (double) Arena.get(a, 19, k) * Arena.get(b, k, 29);
                }
                worst = Math.max(worst, Math.abs(expected - Arena.get(c, 19, 29)));
            }
            assertSame(context, CpuContext.current());
        }
        return worst;
    }

    private static void inThread(Callable<Void> body) throws Exception {
        ExecutorService one = Executors.newSingleThreadExecutor();
        try {
            one.submit(body).get(5, TimeUnit.MINUTES);
        } finally {
            one.shutdownNow();
        }
    }
}
