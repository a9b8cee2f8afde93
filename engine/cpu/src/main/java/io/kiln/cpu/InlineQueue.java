package io.kiln.cpu;

import io.kiln.backend.Event;
import io.kiln.backend.Queue;
import io.kiln.backend.Span;
import io.kiln.ndarray.internal.Memory;
import java.time.Duration;

/** The CPU's queue: work has ended when its call returns, so there is nothing to record or to wait for. */
final class InlineQueue implements Queue {
    static final InlineQueue INSTANCE = new InlineQueue();

    private static final Duration PATIENCE = Duration.ofMinutes(5);

    private InlineQueue() {}

    @Override
    public void copy(Span to, Span from) {
        Memory.copy(address(from), address(to), to.bytes());
    }

    @Override
    public void fill(Span to, byte value) {
        Memory.fill(address(to), to.bytes(), value);
    }

    private static long address(Span s) {
        return s.storage().address() + s.offset();
    }

    @Override
    public Event record() {
        return Event.DONE;
    }

    /** Waits here for another device, whose work would otherwise continue while the CPU reads or writes. */
    @Override
    public void await(Event event) {
        event.synchronize(PATIENCE);
    }

    @Override
    public void synchronize(Duration deadline) {
        // everything has ended
    }

    @Override
    public void close() {
        // one queue serves all threads
    }
}
