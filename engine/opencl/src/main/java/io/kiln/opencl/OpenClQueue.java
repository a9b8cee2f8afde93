package io.kiln.opencl;

import static org.jocl.CL.CL_COMPLETE;
import static org.jocl.CL.CL_EVENT_COMMAND_EXECUTION_STATUS;
import static org.jocl.CL.CL_FALSE;
import static org.jocl.CL.CL_TRUE;
import static org.jocl.CL.clCreateCommandQueueWithProperties;
import static org.jocl.CL.clEnqueueBarrierWithWaitList;
import static org.jocl.CL.clEnqueueCopyBuffer;
import static org.jocl.CL.clEnqueueFillBuffer;
import static org.jocl.CL.clEnqueueMarkerWithWaitList;
import static org.jocl.CL.clEnqueueReadBuffer;
import static org.jocl.CL.clEnqueueWriteBuffer;
import static org.jocl.CL.clFinish;
import static org.jocl.CL.clFlush;
import static org.jocl.CL.clGetEventInfo;
import static org.jocl.CL.clReleaseCommandQueue;
import static org.jocl.CL.clReleaseEvent;

import io.kiln.backend.Context;
import io.kiln.backend.DeviceFailedException;
import io.kiln.backend.Event;
import io.kiln.backend.OutOfDeviceMemoryException;
import io.kiln.backend.Queue;
import io.kiln.backend.Span;
import io.kiln.backend.Storage;
import io.kiln.kernels.CheckedQueue;
import io.kiln.kernels.ValueChecks;
import java.lang.ref.Cleaner;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import org.jocl.CL;
import org.jocl.Pointer;
import org.jocl.cl_command_queue;
import org.jocl.cl_event;
import org.jocl.cl_queue_properties;

/**
 * A command queue that runs in order. An event is a place in it; OpenCL hears of one only when somebody asks for it, as each freed block
 * has one and most are never asked for.
 *
 * <p>Concurrency: thread-safe.
 */
final class OpenClQueue implements CheckedQueue {
    /** Whether each command has ended before the next is given: for debuggers, and to find the kernel that failed. */
    private static final boolean BLOCKING = Boolean.getBoolean("kiln.opencl.blocking");

    /** Whether a copy returns when it has ended; if not, a thread of JOCL's waits for it, which Oclgrind does not bear. */
    private static final boolean WAITS = BLOCKING ? CL_TRUE : CL_FALSE;

    private static final Duration PATIENCE = Duration.ofMinutes(5);
    private static final Cleaner CLEANER = Cleaner.create();

    /** Commands after which the device is told of them, though nobody waits. */
    private static final int BATCH = 32;

    /** A buffer of Java has less than 2 GiB. */
    private static final long LARGEST_COPY = 1L << 30;

    private static final int SPINS = 200;

    private final OpenClBackend backend;
    private final String name;
    private final cl_command_queue handle;
    private final ValueChecks checks;
    private long commands;
    private Mark last;
    private RuntimeException lost;
    private boolean closed;

    OpenClQueue(OpenClBackend backend, String name) {
        this.backend = backend;
        this.name = name;
        checks = new ValueChecks(backend, this);
        OpenClDevice device = backend.openClDevice();
        int[] status = new int[1];
        handle = clCreateCommandQueueWithProperties(device.context(), device.id(), new cl_queue_properties(), status);
        Status.check(status[0], "clCreateCommandQueueWithProperties");
    }

    /** What is given to OpenCL, under the queue's lock. */
    interface Command {
        /** Enqueues it and returns the status. */
        int enqueue(cl_command_queue queue);
    }

    /** Gives a command to the device. */
    synchronized void submit(String call, Command command) {
        checkNotLost();
        check(command.enqueue(handle), call);
        commands++;
        if (BLOCKING) {
            check(clFinish(handle), "clFinish after " + call);
        } else if (commands % BATCH == 0) {
            check(clFlush(handle), "clFlush");
        }
    }

    /**
     * Checks what a command of the queue has returned.
     *
     * @throws DeviceFailedException if the device cannot be used any more
     * @throws OutOfDeviceMemoryException if memory is full
     */
    private void check(int status, String call) {
        if (Status.isLost(status)) {
            lose(call, status);
            checkNotLost();
        }
        if (Status.isOutOfMemory(status)) {
            throw new OutOfDeviceMemoryException("%s: %s in queue %s failed: %s; use a smaller batch, or lower -D%s"
                    .formatted(backend.device(), call, name, CL.stringFor_errorCode(status), MemoryLimit.PROPERTY));
        }
        Status.check(status, call + " in queue " + name + " of " + backend.device());
    }

    @Override
    public void copy(Span to, Span from) {
        if (to.bytes() != from.bytes()) {
            throw new IllegalArgumentException(
                    "copy: needs spans of one length, got " + to.bytes() + " and " + from.bytes());
        }
        if (from.storage().address() < 0
                && from.storage().backend() != backend
                && from.storage().backend() instanceof OpenClBackend other) {
            copyThroughHost(to, from, other);
            return;
        }
        boolean toDevice = isDevice(to.storage());
        boolean fromDevice = isDevice(from.storage());
        if (!toDevice && !fromDevice) {
            throw new IllegalArgumentException("copy: neither span is memory of " + backend.device());
        }
        for (long done = 0; done < to.bytes(); done += LARGEST_COPY) {
            long bytes = Math.min(LARGEST_COPY, to.bytes() - done);
            Span target = to.slice(done, bytes);
            Span source = from.slice(done, bytes);
            if (!fromDevice) {
                write(target, source);
            } else if (!toDevice) {
                read(target, source);
            } else {
                submit(
                        "clEnqueueCopyBuffer",
                        q -> clEnqueueCopyBuffer(
                                q,
                                backend.buffer(source.storage()),
                                backend.buffer(target.storage()),
                                source.offset(),
                                target.offset(),
                                bytes,
                                0,
                                null,
                                null));
            }
        }
        used(to.storage());
        used(from.storage());
    }

    /** Each device has a context of its own, and none sees the buffers of another: the calling thread waits for the source. */
    private void copyThroughHost(Span to, Span from, OpenClBackend other) {
        Storage host = backend.hostMemory().allocate(backend, from.bytes());
        try {
            Queue source = Context.current().queue(other);
            source.copy(Span.of(host), from);
            source.synchronize(PATIENCE);
            copy(to, Span.of(host));
        } finally {
            host.release();
        }
    }

    private void write(Span to, Span from) {
        Pointer host = host(from);
        submit(
                "clEnqueueWriteBuffer",
                q -> clEnqueueWriteBuffer(
                        q, backend.buffer(to.storage()), WAITS, to.offset(), to.bytes(), host, 0, null, null));
    }

    private void read(Span to, Span from) {
        Pointer host = host(to);
        submit(
                "clEnqueueReadBuffer",
                q -> clEnqueueReadBuffer(
                        q, backend.buffer(from.storage()), WAITS, from.offset(), from.bytes(), host, 0, null, null));
    }

    private boolean isDevice(Storage storage) {
        if (storage.address() >= 0) {
            return false;
        }
        if (storage.backend() != backend) {
            throw new IllegalArgumentException(
                    "copy: memory of " + storage.backend().device() + " cannot be seen from " + backend.device()
                            + "; move the array with to(device)");
        }
        return true;
    }

    private static Pointer host(Span span) {
        ByteBuffer bytes =
                new com.sun.jna.Pointer(span.storage().address() + span.offset()).getByteBuffer(0, span.bytes());
        return Pointer.to(bytes);
    }

    @Override
    public void fill(Span to, byte value) {
        if (to.bytes() == 0) {
            return;
        }
        submit(
                "clEnqueueFillBuffer",
                q -> clEnqueueFillBuffer(
                        q,
                        backend.buffer(to.storage()),
                        Pointer.to(new byte[] {value}),
                        1,
                        to.offset(),
                        to.bytes(),
                        0,
                        null,
                        null));
        used(to.storage());
    }

    /** Holds memory of the same device until the work given last has ended. */
    void used(Storage storage) {
        if (storage.backend() == backend) {
            storage.usedOn(this);
        }
    }

    @Override
    public synchronized Event record() {
        if (closed) {
            return Event.DONE;
        }
        if (last == null || last.number != commands) {
            last = new Mark(commands);
        }
        return last;
    }

    @Override
    public void await(Event event) {
        if (event instanceof Mark mark && mark.queue().backend == backend && !isClosed()) {
            cl_event of = mark.queue() == this ? null : mark.event();
            if (of != null) {
                submit(
                        "clEnqueueBarrierWithWaitList",
                        q -> clEnqueueBarrierWithWaitList(q, 1, new cl_event[] {of}, null));
            }
        } else if (event != Event.DONE) {
            event.synchronize(PATIENCE);
        }
    }

    @Override
    public void synchronize(Duration deadline) {
        long given = checks.fetch();
        backend.counters().countWait();
        record().synchronize(deadline);
        checks.verify(given);
    }

    @Override
    public ValueChecks checks() {
        return checks;
    }

    /** Tells what kernels have found wrong once the queue is given up. */
    @Override
    public void close() {
        try {
            synchronize(PATIENCE);
        } finally {
            checks.close();
            synchronized (this) {
                closed = true;
            }
            Status.check(clReleaseCommandQueue(handle), "clReleaseCommandQueue");
        }
    }

    @Override
    public synchronized boolean isClosed() {
        return closed;
    }

    /** An event behind everything given so far; null when the queue is closed, as all its work has ended then. */
    private cl_event marker() {
        cl_event event = new cl_event();
        synchronized (this) {
            if (closed) {
                return null;
            }
            check(clEnqueueMarkerWithWaitList(handle, 0, null, event), "clEnqueueMarkerWithWaitList");
            check(clFlush(handle), "clFlush");
        }
        return event;
    }

    private synchronized void lose(String what, int status) {
        if (lost == null) {
            lost = new DeviceFailedException(
                    backend.device(),
                    what + " in queue " + name + " failed: " + CL.stringFor_errorCode(status) + " (" + status + ")",
                    null);
        }
    }

    private synchronized void checkNotLost() {
        if (lost != null) {
            throw new DeviceFailedException(backend.device(), "queue " + name + " is lost", lost);
        }
    }

    /** A place in the queue. What was given to the queue between it and the first question counts as before it. */
    private final class Mark implements Event {
        private final long number;
        private cl_event event;
        private boolean done;

        Mark(long number) {
            this.number = number;
            this.done = number == 0;
        }

        OpenClQueue queue() {
            return OpenClQueue.this;
        }

        synchronized cl_event event() {
            if (event == null) {
                cl_event made = marker();
                if (made != null) {
                    event = made;
                    CLEANER.register(this, () -> clReleaseEvent(made));
                }
            }
            return event;
        }

        @Override
        public synchronized boolean isDone() {
            cl_event asked = done ? null : event();
            if (asked == null) {
                done = true;
            } else {
                int[] status = new int[1];
                Status.check(
                        clGetEventInfo(
                                asked, CL_EVENT_COMMAND_EXECUTION_STATUS, Integer.BYTES, Pointer.to(status), null),
                        "clGetEventInfo");
                done = status[0] <= CL_COMPLETE;
                if (status[0] < CL_COMPLETE) {
                    lose("work", status[0]);
                }
            }
            return done;
        }

        @Override
        public void synchronize(Duration deadline) {
            long end = System.nanoTime() + deadline.toNanos();
            for (long tries = 0; !isDone(); tries++) {
                if (tries < SPINS) {
                    Thread.onSpinWait();
                } else if (System.nanoTime() > end) {
                    throw new IllegalStateException(
                            backend.device() + ": queue " + name + " has not ended its work within " + deadline);
                } else {
                    LockSupport.parkNanos(20_000);
                }
            }
            checkNotLost();
        }
    }
}
