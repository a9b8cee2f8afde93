package io.kiln.backend;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** A queue that notes what it is asked for. */
class NotedQueue implements Queue {
    final List<Event> recorded = new ArrayList<>();
    final List<Event> awaited = new ArrayList<>();
    boolean idle;
    boolean ends = true;
    boolean fails;
    boolean refuses;
    boolean closed;

    void ending() {
        // nothing else happens
    }

    @Override
    public void copy(Span to, Span from) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void fill(Span to, byte value) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Event record() {
        Event e = new Event() {
            @Override
            public boolean isDone() {
                return idle;
            }

            @Override
            public void synchronize(Duration deadline) {
                awaited.add(this);
                ending();
                idle = ends;
                if (fails) {
                    throw new IllegalStateException("gpu(0)");
                }
            }
        };
        recorded.add(e);
        return e;
    }

    @Override
    public void await(Event event) {
        if (refuses) {
            throw new IllegalStateException("gpu(0)");
        }
        awaited.add(event);
    }

    @Override
    public boolean isClosed() {
        return closed;
    }

    @Override
    public void synchronize(Duration deadline) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {
        closed = true;
    }
}
