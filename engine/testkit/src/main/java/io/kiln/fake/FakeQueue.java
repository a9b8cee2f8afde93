package io.kiln.fake;

import io.kiln.backend.CurrentLayer;
import io.kiln.backend.DeviceFailedException;
import io.kiln.backend.Event;
import io.kiln.backend.Queue;
import io.kiln.backend.Span;
import io.kiln.backend.Storage;
import io.kiln.ndarray.IndexRangeException;
import io.kiln.ndarray.internal.Memory;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Random;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.LockSupport;

/**
 * A queue that puts work off: until somebody waits for it, or until more has gathered than a number that chance draws anew each
 * time. It then runs on another thread. Whoever reads memory before the event of its last write therefore reads too early, and
 * whoever keeps an event sees all that was written before.
 *
 * <p>What a kernel finds wrong with the values that it is given is told to whoever waits for the queue next; work that fails in
 * itself loses the queue.
 */
final class FakeQueue implements Queue {
    private static final Duration PATIENCE = Duration.ofMinutes(5);
    private static final int MOST_PUT_OFF = 48;

    private final FakeBackend backend;
    private final String name;
    private final Executor threads;
    private final Random chance;
    private final Deque<Work> waiting = new ArrayDeque<>();
    private long submitted;
    private long finished;
    private long wanted;
    private boolean running;
    private int bound;
    private RuntimeException wrongValue;
    private RuntimeException lost;

    private record Work(String name, String layer, Runnable code) {}

    FakeQueue(FakeBackend backend, String name, Executor threads, long seed) {
        this.backend = backend;
        this.name = name;
        this.threads = threads;
        this.chance = new Random(seed);
        this.bound = 1 + chance.nextInt(MOST_PUT_OFF);
    }

    /** Puts work at the end. */
    synchronized void submit(String what, Runnable code) {
        waiting.add(new Work(what, CurrentLayer.path(), code));
        submitted++;
        if (waiting.size() >= bound) {
            bound = 1 + chance.nextInt(MOST_PUT_OFF);
            want(submitted);
        }
    }

    private synchronized void want(long number) {
        wanted = Math.max(wanted, number);
        if (!running && finished < wanted) {
            running = true;
            threads.execute(this::work);
        }
    }

    private void work() {
        while (true) {
            Work next;
            boolean dawdles;
            synchronized (this) {
                if (finished >= wanted) {
                    running = false;
                    return;
                }
                next = waiting.remove();
                dawdles = chance.nextInt(64) == 0;
            }
            if (dawdles) {
                LockSupport.parkNanos(chance.nextInt(50_000));
            }
            RuntimeException failure = failureOf(next);
            synchronized (this) {
                if (failure instanceof InjectedFault) {
                    lost = lost == null ? failure : lost;
                } else {
                    wrongValue = wrongValue == null ? failure : wrongValue;
                }
                finished++;
                notifyAll();
            }
        }
    }

    private RuntimeException failureOf(Work work) {
        try {
            work.code().run();
            return null;
        } catch (IndexRangeException e) {
            return e.late(work.layer());
        } catch (RuntimeException e) {
            return e;
        } catch (Error e) {
            return new IllegalStateException(
                    backend.device() + ": " + work.name() + " in queue " + name + " failed", e);
        }
    }

    @Override
    public void copy(Span to, Span from) {
        if (to.bytes() != from.bytes()) {
            throw new IllegalArgumentException(
                    "copy: needs spans of one length, got " + to.bytes() + " and " + from.bytes());
        }
        boolean fails = backend.faults().nextCopyFails();
        long target = FakeBackend.reveal(to);
        long source = FakeBackend.reveal(from);
        backend.counters().copies.incrementAndGet();
        submit("copy", () -> {
            InjectedFault.throwIf(fails, backend, "copy");
            Memory.copy(source, target, to.bytes());
        });
        used(to.storage());
        used(from.storage());
    }

    @Override
    public void fill(Span to, byte value) {
        long target = FakeBackend.reveal(to);
        submit("fill", () -> Memory.fill(target, to.bytes(), value));
        used(to.storage());
    }

    /** Holds memory of the same device until the work given last has ended. */
    void used(Storage storage) {
        if (storage.backend() == backend) {
            storage.usedOn(this);
        }
    }

    @Override
    public Event record() {
        synchronized (this) {
            return new Mark(submitted);
        }
    }

    @Override
    public void await(Event event) {
        if (event instanceof Mark mark) {
            submit("await", () -> mark.queue().waitFor(mark.number, PATIENCE)); // memory of a lost queue is used again
        } else if (event != Event.DONE) {
            submit("await", () -> event.synchronize(PATIENCE));
        }
    }

    @Override
    public void synchronize(Duration deadline) {
        backend.counters().synchronizations.incrementAndGet();
        long end;
        synchronized (this) {
            end = submitted;
        }
        waitFor(end, deadline);
        tellFailures();
    }

    private void tellFailures() {
        checkNotLost();
        synchronized (this) {
            RuntimeException found = wrongValue;
            wrongValue = null;
            if (found != null) {
                found.addSuppressed(new IllegalStateException(backend.device() + ": noticed here, in queue " + name));
                throw found;
            }
        }
    }

    private synchronized void waitFor(long number, Duration deadline) {
        want(number);
        long end = System.nanoTime() + deadline.toNanos();
        boolean interrupted = false;
        while (finished < number) {
            long left = (end - System.nanoTime()) / 1_000_000;
            if (left <= 0) {
                throw new IllegalStateException(
                        backend.device() + ": queue " + name + " has not ended its work within " + deadline);
            }
            try {
                wait(left);
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private synchronized void checkNotLost() {
        if (lost != null) {
            throw new DeviceFailedException(backend.device(), "queue " + name + " is lost, as work in it failed", lost);
        }
    }

    @Override
    public void close() {
        long end;
        synchronized (this) {
            end = submitted;
        }
        waitFor(end, PATIENCE);
        tellFailures();
    }

    /** The work up to a number. */
    private final class Mark implements Event {
        private final long number;

        Mark(long number) {
            this.number = number;
        }

        FakeQueue queue() {
            return FakeQueue.this;
        }

        @Override
        public boolean isDone() {
            want(number);
            synchronized (FakeQueue.this) {
                return finished >= number;
            }
        }

        @Override
        public void synchronize(Duration deadline) {
            backend.counters().synchronizations.incrementAndGet();
            waitFor(number, deadline);
            checkNotLost();
        }
    }
}
