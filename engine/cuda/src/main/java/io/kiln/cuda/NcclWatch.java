package io.kiln.cuda;

import io.kiln.backend.DeviceFailedException;
import io.kiln.backend.Event;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.stream.Collectors;
import org.slf4j.LoggerFactory;

/**
 * A thread that looks after what NCCL was given until it has ended. NCCL's kernels wait for each other, and do so for good if one device
 * is lost or NCCL finds an error; and what they leave behind when they are aborted looks like a sum. Therefore, when a device fails, NCCL
 * reports an error or work takes too long, all devices of the communicators count as failed before the communicators are aborted: whoever
 * waits for one of them, or uses it later, gets an exception.
 *
 * <p>An abort frees a communicator. While a call uses them, it therefore waits for the call to return, unless that takes too long itself.
 */
final class NcclWatch {
    private static final long NAP_MILLIS = 5;
    private static final int NOBODY = -1;

    /** {@code ncclInProgress}: no error, but no success yet. */
    private static final int IN_PROGRESS = 7;

    private final NcclBinding nccl;
    private final List<CudaDevice> devices;
    private final String names;
    private final long[] comms;
    private final Duration patience;
    private final Deque<Work> pending = new ArrayDeque<>();
    private Work calling;
    private String failure;
    private int culprit = NOBODY;
    private boolean aborted;
    private boolean closing;
    private boolean ended;

    NcclWatch(NcclBinding nccl, List<CudaDevice> devices, long[] comms, Duration patience) {
        this.nccl = nccl;
        this.devices = List.copyOf(devices);
        this.comms = comms.clone();
        this.patience = patience;
        names = devices.stream().map(d -> d.id().toString()).collect(Collectors.joining(", "));
        Thread thread = new Thread(this::watch, "NCCL on " + names);
        thread.setDaemon(true);
        thread.start();
    }

    /** Work that was given, between what the streams have before it and its ends, which are null until they are known. */
    private static final class Work {
        private final String call;
        private final Event[] starts;
        private final long given = System.nanoTime();
        private Event[] ends;
        private boolean reached;
        private long since;

        Work(String call, Event[] starts) {
            this.call = call;
            this.starts = starts;
        }

        /** Whether all ranks are at it, which is asked of the first pending work alone: then its time begins. */
        boolean isReached() {
            if (!reached && areDone(starts)) {
                reached = true;
                since = System.nanoTime();
            }
            return reached;
        }

        boolean isDone() {
            return ends != null && areDone(ends);
        }

        /** Asks each of them: the event of a device that is lost tells so then, whatever the others wait for. */
        private static boolean areDone(Event... events) {
            boolean done = true;
            for (Event e : events) {
                done &= e.isDone();
            }
            return done;
        }
    }

    /**
     * A call begins, which may hang itself; one at a time. What was refused here has not begun.
     *
     * @param starts what the ranks' streams have before the work; whether they are done is asked without the queues' locks
     * @throws IllegalStateException if something has failed, or after close
     */
    synchronized void given(String call, Event[] starts) {
        checkNotFailed();
        if (closing) {
            throw new IllegalStateException("NCCL on " + names + ": used after close");
        }
        calling = new Work(call, starts);
        pending.add(calling);
        notifyAll();
    }

    /** The call has returned: the communicators are not in use any more. */
    synchronized void returned(int code) {
        Work work = calling;
        calling = null;
        if (code != 0 && !isLost()) {
            fail(NOBODY, NcclCollective.words(nccl, work.call, code));
        }
        if (failure != null) {
            abort();
        }
    }

    /** The ends of the work given last. */
    synchronized void marked(Event[] ends) {
        pending.getLast().ends = ends;
    }

    /** They cannot be marked, so that nobody would know when the work has ended. */
    synchronized DeviceFailedException unmarked(Throwable why) {
        if (!isLost()) {
            fail(NOBODY, "the end of " + pending.getLast().call + " cannot be marked: " + why);
        }
        abort();
        return exception(why);
    }

    /** Throws if something has failed. */
    synchronized void checkNotFailed() {
        if (failure != null) {
            throw exception(null);
        }
    }

    private DeviceFailedException exception(Throwable cause) {
        return new DeviceFailedException(devices.get(Math.max(culprit, 0)).id(), failure, cause);
    }

    private void watch() {
        try {
            while (isAtWork()) {
                look();
            }
            if (!hasFailed()) {
                destroy();
            }
        } catch (RuntimeException | LinkageError e) {
            LoggerFactory.getLogger(NcclWatch.class).warn("NCCL on {}: nobody looks after its work", names, e);
            synchronized (this) {
                fail(NOBODY, "nobody looks after its work since " + e);
            }
        }
        try {
            abortWhenReturned();
        } finally {
            synchronized (this) {
                ended = true;
                notifyAll();
            }
        }
    }

    /** Whether there is something to look at, now or after a while. */
    private synchronized boolean isAtWork() {
        while (pending.isEmpty() && !closing && failure == null) {
            sleep(0);
        }
        return failure == null && !pending.isEmpty();
    }

    private synchronized boolean hasFailed() {
        return failure != null;
    }

    private synchronized void look() {
        if (pending.isEmpty() || failure != null) {
            return;
        }
        Work first = pending.peek();
        boolean reached = first.isReached();
        boolean done = first.isDone();
        if (isLost()) {
            return;
        }
        for (int rank = 0; rank < comms.length; rank++) {
            int[] error = new int[1];
            int code = nccl.asyncError(comms[rank], error);
            int found = code != 0 ? code : error[0];
            if (found != 0 && found != IN_PROGRESS) {
                fail(rank, NcclCollective.words(nccl, first.call, found));
                return;
            }
        }
        if (done) {
            pending.remove();
        } else if (reached && System.nanoTime() - first.since > patience.toNanos()) {
            fail(
                    NOBODY,
                    first.call + " has not ended within " + patience + " (-D" + NcclCollective.SECONDS_PROPERTY
                            + "); NCCL_DEBUG=INFO says what NCCL waits for");
        } else {
            sleep(NAP_MILLIS);
        }
    }

    /** Whether a device has failed, which is the reason then for all else. */
    private boolean isLost() {
        for (int rank = 0; rank < comms.length && failure == null; rank++) {
            if (devices.get(rank).hasFailed()) {
                fail(
                        rank,
                        pending.getFirst().call + " cannot end: "
                                + devices.get(rank).failure());
            }
        }
        return failure != null;
    }

    /** Devices fail first, so that nobody takes what an aborted kernel leaves for a result. */
    private void fail(int rank, String what) {
        if (failure != null) {
            return;
        }
        culprit = rank;
        failure = "NCCL over " + names + ": " + what;
        String first = rank == NOBODY ? "" : devices.get(rank).id() + ": ";
        devices.forEach(d -> d.fail(first + failure, null));
        notifyAll();
    }

    private synchronized void abortWhenReturned() {
        while (failure != null && calling != null) {
            long left = calling.given + patience.toNanos() - System.nanoTime();
            if (left <= 0) {
                break;
            }
            try {
                wait(left / 1_000_000 + 1);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return; // the call aborts when it returns
            }
        }
        if (failure != null) {
            abort();
        }
    }

    /** Each abort may wait for the others. */
    private void abort() {
        if (aborted) {
            return;
        }
        aborted = true;
        for (long comm : comms) {
            Thread abort = new Thread(() -> nccl.abort(comm), "NCCL ends on " + names);
            abort.setDaemon(true);
            abort.start();
        }
    }

    private void destroy() {
        for (long comm : comms) {
            int code = nccl.destroy(comm);
            if (code != 0) {
                LoggerFactory.getLogger(NcclWatch.class)
                        .warn("NCCL on {}: {}", names, NcclCollective.words(nccl, "ncclCommDestroy", code));
            }
        }
    }

    /** Waits for the work, then frees the communicators. */
    synchronized void close() {
        closing = true;
        notifyAll();
        long end = System.nanoTime() + 2 * patience.toNanos(); // work that hangs fails at half of it
        while (!ended && failure == null) {
            long left = (end - System.nanoTime()) / 1_000_000;
            if (left <= 0) {
                throw new IllegalStateException(
                        names + ": NCCL's work, or ncclCommDestroy, has not ended within " + patience.multipliedBy(2));
            }
            sleep(left);
        }
        checkNotFailed();
    }

    /** Waits for a notice, until then without the lock. */
    private void sleep(long millis) {
        try {
            wait(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("NCCL: interrupted while waiting for its work", e);
        }
    }
}
