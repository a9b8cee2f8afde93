package io.kiln.cuda;

import io.kiln.backend.DeviceFailedException;
import io.kiln.backend.Event;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/**
 * A thread that looks after what NCCL was given until it has ended. NCCL's kernels wait for each other, and do so for good if one device
 * is lost or NCCL finds an error; and what they leave behind when they are aborted looks like a sum. Therefore, when a device fails, NCCL
 * reports an error or work takes too long, all devices of the communicators count as failed before the communicators are aborted: whoever
 * waits for one of them, or uses it later, gets an exception.
 */
final class NcclWatch {
    private static final long NAP_MILLIS = 5;

    private final NcclBinding nccl;
    private final List<CudaBackend> backends;
    private final long[] comms;
    private final Duration patience;
    private final Deque<Work> pending = new ArrayDeque<>();
    private final Thread thread;
    private Work calling;
    private String failure;
    private int culprit;
    private boolean closing;
    private boolean ended;

    NcclWatch(NcclBinding nccl, List<CudaBackend> backends, long[] comms, Duration patience) {
        this.nccl = nccl;
        this.backends = backends;
        this.comms = comms.clone();
        this.patience = patience;
        thread = new Thread(this::watch, "NCCL on " + NcclCollective.names(backends));
        thread.setDaemon(true);
        thread.start();
    }

    /** Work that was given. Its ends are null while the call that gives it has not returned. */
    private static final class Work {
        private final String call;
        private final long deadline;
        private Event[] ends;

        Work(String call, long deadline) {
            this.call = call;
            this.deadline = deadline;
        }
    }

    /** A call begins, which may hang itself. */
    synchronized void given(String call) {
        calling = new Work(call, System.nanoTime() + patience.toNanos());
        pending.add(calling);
        notifyAll();
    }

    /** The call has returned, with the ends of its work unless it was refused. */
    synchronized void returned(int code, Event[] ends) {
        if (code == 0) {
            calling.ends = ends;
        } else {
            fail(0, NcclCollective.words(nccl, calling.call, code));
        }
    }

    /** Throws if something has failed. */
    synchronized void check() {
        if (failure != null) {
            throw new DeviceFailedException(backends.get(culprit).device(), failure, null);
        }
        if (closing) {
            throw new IllegalStateException("NCCL on " + NcclCollective.names(backends) + ": used after close");
        }
    }

    private void watch() {
        while (true) {
            synchronized (this) {
                while (pending.isEmpty() && !closing && failure == null) {
                    sleep(0);
                }
                if (failure != null || pending.isEmpty()) {
                    break;
                }
            }
            try {
                look();
            } catch (IllegalStateException e) {
                synchronized (this) {
                    fail(0, e.getMessage());
                }
            }
        }
        boolean failed;
        synchronized (this) {
            failed = failure != null;
        }
        if (!failed) {
            for (long comm : comms) {
                nccl.destroy(comm);
            }
        }
        synchronized (this) {
            ended = true;
            notifyAll();
        }
    }

    private synchronized void look() {
        Work first = pending.peek();
        boolean done = first.ends != null;
        for (int rank = 0; rank < comms.length && failure == null; rank++) {
            done &= first.ends != null && first.ends[rank].isDone();
            int[] error = new int[1];
            int code = nccl.asyncError(comms[rank], error);
            if (backends.get(rank).cudaDevice().hasFailed()) {
                fail(
                        rank,
                        first.call + " cannot end: "
                                + backends.get(rank).cudaDevice().failure());
            } else if (code != 0 || error[0] != 0) {
                fail(rank, NcclCollective.words(nccl, first.call, code != 0 ? code : error[0]));
            }
        }
        if (failure != null) {
            return;
        }
        if (done) {
            pending.remove();
        } else if (System.nanoTime() - first.deadline > 0) {
            fail(
                    waiting(first),
                    first.call + " has not ended within " + patience + " (-D" + NcclCollective.SECONDS_PROPERTY
                            + "); NCCL_DEBUG=INFO says what NCCL waits for");
        } else {
            sleep(NAP_MILLIS);
        }
    }

    private static int waiting(Work work) {
        for (int rank = 0; work.ends != null && rank < work.ends.length; rank++) {
            if (!work.ends[rank].isDone()) {
                return rank;
            }
        }
        return 0;
    }

    /** Devices fail first, so that nobody takes what an aborted kernel leaves for a result. Each abort may wait for the others. */
    private void fail(int rank, String what) {
        if (failure != null) {
            return;
        }
        culprit = rank;
        failure = "NCCL over " + NcclCollective.names(backends) + ": " + what;
        for (CudaBackend b : backends) {
            b.cudaDevice().fail(backends.get(rank).device() + ": " + failure, null);
        }
        for (long comm : comms) {
            Thread abort = new Thread(() -> nccl.abort(comm), "NCCL ends on " + NcclCollective.names(backends));
            abort.setDaemon(true);
            abort.start();
        }
        notifyAll();
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
                        NcclCollective.names(backends) + ": ncclCommDestroy has not ended within " + patience);
            }
            sleep(left);
        }
        if (failure != null) {
            throw new DeviceFailedException(backends.get(culprit).device(), failure, null);
        }
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
