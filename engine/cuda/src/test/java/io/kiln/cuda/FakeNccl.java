package io.kiln.cuda;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.function.BooleanSupplier;

/** An NCCL that computes nothing: it answers when it may, and notes which communicators it has freed. */
final class FakeNccl implements NcclBinding {
    private static final long PATIENCE = Duration.ofMinutes(1).toNanos();

    final CountDownLatch mayAnswer = new CountDownLatch(1);
    final AtomicInteger begun = new AtomicInteger();
    final AtomicInteger looks = new AtomicInteger();
    final AtomicIntegerArray errors = new AtomicIntegerArray(2);
    final Set<Long> destroyed = ConcurrentHashMap.newKeySet();
    final Set<Long> aborted = ConcurrentHashMap.newKeySet();

    /** Waits for what another thread does. */
    static void until(BooleanSupplier done, String what) {
        long end = System.nanoTime() + PATIENCE;
        while (!done.getAsBoolean()) {
            if (System.nanoTime() > end) {
                throw new AssertionError("in vain: " + what);
            }
            Thread.onSpinWait();
        }
    }

    @Override
    public int commInitAll(long[] comms, int[] devices) {
        begun.incrementAndGet();
        try {
            if (!mayAnswer.await(1, TimeUnit.MINUTES)) {
                return 1;
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        for (int i = 0; i < comms.length; i++) {
            comms[i] = 100 + i;
        }
        return 0;
    }

    @Override
    public int asyncError(long comm, int[] error) {
        looks.incrementAndGet();
        error[0] = errors.get((int) comm - 100);
        return 0;
    }

    @Override
    public int destroy(long comm) {
        destroyed.add(comm);
        return 0;
    }

    @Override
    public int abort(long comm) {
        aborted.add(comm);
        return 0;
    }

    @Override
    public String errorString(int code) {
        return "code " + code;
    }

    @Override
    public String lastError() {
        return "";
    }

    @Override
    public void load(Path cudart, Path nccl, Unpacker unpacker) {
        throw new UnsupportedOperationException();
    }

    @Override
    public int version(int[] version) {
        throw new UnsupportedOperationException();
    }

    @Override
    public int groupStart() {
        throw new UnsupportedOperationException();
    }

    @Override
    public int groupEnd() {
        throw new UnsupportedOperationException();
    }

    @Override
    public int reduce(long send, long receive, long count, int type, int root, long comm, long stream) {
        throw new UnsupportedOperationException();
    }

    @Override
    public int broadcast(long send, long receive, long count, int type, int root, long comm, long stream) {
        throw new UnsupportedOperationException();
    }
}
