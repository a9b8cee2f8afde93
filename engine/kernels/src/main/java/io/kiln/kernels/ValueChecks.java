package io.kiln.kernels;

import io.kiln.backend.Backend;
import io.kiln.backend.Context;
import io.kiln.backend.CurrentLayer;
import io.kiln.backend.NotCapturableException;
import io.kiln.backend.Span;
import io.kiln.backend.Storage;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.IndexRangeException;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.internal.Memory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What kernels of a queue have found wrong with the values that they were given. Each check writes to a slot of device
 * memory; the slots are read when somebody waits for the queue, or when all are taken.
 *
 * <p>Concurrency: thread-safe.
 */
public final class ValueChecks {
    private static final int SLOTS = 1024;
    private static final int NUMBERS = 3;
    private static final Duration PATIENCE = Duration.ofMinutes(5);

    private final Backend backend;
    private final CheckedQueue queue;
    private final List<Pending> pending = new ArrayList<>();
    private final List<Fetched> fetched = new ArrayList<>();
    private Storage slots;
    private long fetches;

    /** A check whose outcome the device writes to a slot. */
    private record Pending(String operation, String argument, Shape shape, long least, long most, String layer) {}

    /** The checks of captured work, with slots of its own: other threads go on to use those of the queue. */
    public final class Captured implements AutoCloseable {
        private final List<Pending> checks = new ArrayList<>();
        private Storage block;

        private Captured() {}

        private long add(Pending check) {
            if (checks.size() == SLOTS) {
                throw new NotCapturableException("it checks more than " + SLOTS + " arrays of indices");
            }
            checks.add(check);
            return (long) NUMBERS * (checks.size() - 1);
        }

        private Storage slots() {
            if (block == null) {
                block = newSlots();
            }
            return block;
        }

        /** Gives the slots back. */
        @Override
        public void close() {
            synchronized (ValueChecks.this) {
                if (block != null) {
                    block.release();
                    block = null;
                }
            }
        }
    }

    /** Slots on their way to the host. */
    private record Fetched(long number, List<Pending> checks, Storage host) {}

    /**
     * Creates the checks of a queue.
     *
     * @param backend the device
     * @param queue the queue
     */
    public ValueChecks(Backend backend, CheckedQueue queue) {
        this.backend = backend;
        this.queue = queue;
    }

    /** Takes a slot for indices of a shape; the number of its first number. */
    synchronized long add(String operation, String argument, Shape shape, long least, long most) {
        Pending check = new Pending(operation, argument, shape, least, most, CurrentLayer.path());
        Captured captured = queue.capturedChecks();
        if (captured != null) {
            return captured.add(check);
        }
        if (pending.size() == SLOTS) {
            queue.synchronize(PATIENCE);
        }
        pending.add(check);
        return (long) NUMBERS * (pending.size() - 1);
    }

    /** The memory of the slots. */
    synchronized Storage slots() {
        Captured captured = queue.capturedChecks();
        if (captured != null) {
            return captured.slots();
        }
        if (slots == null) {
            slots = newSlots();
        }
        return slots;
    }

    private Storage newSlots() {
        return backend.allocator().allocate(backend, (long) SLOTS * NUMBERS * Long.BYTES);
    }

    /**
     * Gives the queue a copy of the slots to the host, so that one wait is enough for work and checks.
     *
     * @return what is to be {@linkplain #verify verified} when the work that the queue has now has ended
     */
    public synchronized long fetch() {
        if (!pending.isEmpty()) {
            fetch(pending, slots);
            pending.clear();
        }
        return fetches;
    }

    private void fetch(List<Pending> checks, Storage from) {
        long bytes = (long) checks.size() * NUMBERS * Long.BYTES;
        Storage host = backend.hostMemory().allocate(backend, bytes);
        queue.copy(Span.of(host), Span.of(from).slice(0, bytes));
        fetched.add(new Fetched(++fetches, List.copyOf(checks), host));
    }

    /**
     * Makes room for the checks of work that is captured.
     *
     * @return no checks yet
     */
    public Captured newCaptured() {
        return new Captured();
    }

    /**
     * Replays captured work and gives the queue a copy of its slots to the host, before another replay writes them.
     *
     * @param captured its checks
     * @param launch gives the work to the queue
     */
    public synchronized void replay(Captured captured, Runnable launch) {
        launch.run();
        if (captured.block != null) {
            fetch(captured.checks, captured.block);
        }
    }

    /**
     * Throws what the first check that failed has found; called when the work of the queue up to a {@link #fetch} has
     * ended. Other threads may have given more to it since.
     *
     * @param upTo what the fetch has returned
     * @throws IndexRangeException if an index was out of range
     */
    public synchronized void verify(long upTo) {
        IndexRangeException first = null;
        while (!fetched.isEmpty() && fetched.get(0).number <= upTo) {
            Fetched some = fetched.remove(0);
            for (int i = 0; i < some.checks.size() && first == null; i++) {
                long at = some.host.address() + (long) i * NUMBERS * Long.BYTES;
                if (Memory.getLong(at) != 0) {
                    first = found(
                            some.checks.get(i), Memory.getLong(at + Long.BYTES), Memory.getLong(at + 2L * Long.BYTES));
                }
            }
            some.host.release();
        }
        if (first != null) {
            throw first;
        }
    }

    /** Gives the memory back; what has not been told stays untold. */
    public synchronized void close() {
        pending.clear();
        fetched.forEach(some -> some.host.release());
        fetched.clear();
        if (slots != null) {
            slots.release();
            slots = null;
        }
    }

    /** The exception, made of numbers of that shape of which one alone is out of range. */
    private static IndexRangeException found(Pending check, long position, long value) {
        long[] numbers = new long[Math.toIntExact(check.shape.size())];
        Arrays.fill(numbers, check.least);
        numbers[Math.toIntExact(position)] = value;
        try (Context.Switch there = Context.switchTo(HostFallback.processor());
                NDArray indices = NDArray.empty(check.shape, DType.INT64)) {
            for (int i = 0; i < numbers.length; i++) {
                Memory.putLong(indices.address() + (long) i * Long.BYTES, numbers[i]);
            }
            return IndexRangeException.first(check.operation, check.argument, indices, check.least, check.most)
                    .late(check.layer);
        }
    }
}
