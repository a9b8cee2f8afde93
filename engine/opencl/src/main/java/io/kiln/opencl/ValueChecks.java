package io.kiln.opencl;

import io.kiln.backend.Backend;
import io.kiln.backend.Context;
import io.kiln.backend.Span;
import io.kiln.backend.Storage;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.IndexRangeException;
import io.kiln.ndarray.Memory;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What kernels of a queue have found wrong with the values that they were given. Each check writes to a slot of device memory; the slots
 * are read when somebody waits for the queue, or when all are taken.
 *
 * <p>Concurrency: thread-safe.
 */
final class ValueChecks {
    private static final int SLOTS = 256;
    private static final int NUMBERS = 3;
    private static final Duration PATIENCE = Duration.ofMinutes(5);

    private final Backend backend;
    private final OpenClQueue queue;
    private final List<Pending> pending = new ArrayList<>();
    private Storage slots;

    private record Pending(String operation, Shape shape, long least, long most) {}

    ValueChecks(Backend backend, OpenClQueue queue) {
        this.backend = backend;
        this.queue = queue;
    }

    /** Takes a slot for indices of a shape; the number of its first number. */
    synchronized long add(String operation, Shape shape, long least, long most) {
        if (pending.size() == SLOTS) {
            queue.synchronize(PATIENCE);
        }
        pending.add(new Pending(operation, shape, least, most));
        return (long) NUMBERS * (pending.size() - 1);
    }

    /** The memory of the slots. */
    synchronized Storage slots() {
        if (slots == null) {
            slots = backend.allocator().allocate(backend, (long) SLOTS * NUMBERS * Long.BYTES);
        }
        return slots;
    }

    /** Throws what the first check that failed has found; called when the work of the queue has ended. */
    synchronized void verify() {
        if (pending.isEmpty()) {
            return;
        }
        List<Pending> open = List.copyOf(pending);
        pending.clear();
        long bytes = (long) open.size() * NUMBERS * Long.BYTES;
        Storage host = backend.hostMemory().allocate(backend, bytes);
        try {
            queue.copy(Span.of(host), Span.of(slots()).slice(0, bytes));
            queue.finish(PATIENCE);
            for (int i = 0; i < open.size(); i++) {
                long at = host.address() + (long) i * NUMBERS * Long.BYTES;
                if (Memory.getLong(at) != 0) {
                    throw found(open.get(i), Memory.getLong(at + Long.BYTES), Memory.getLong(at + 2L * Long.BYTES));
                }
            }
        } finally {
            host.release();
        }
    }

    /** Gives the memory back; what has not been told stays untold. */
    synchronized void close() {
        pending.clear();
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
            return IndexRangeException.first(check.operation, "indices", indices, check.least, check.most);
        }
    }
}
