package io.kiln.cuda;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * How NCCL makes communicators, which it cannot be told to stop: by a thread of its own, one at a time in a process, as two over the same
 * devices may wait for each other. What comes after the caller has given up is freed.
 */
final class NcclStart {
    private static final Semaphore ONE_AT_A_TIME = new Semaphore(1);

    private final NcclBinding nccl;
    private final int[] devices;
    private final long[] comms;
    private final CompletableFuture<Integer> made = new CompletableFuture<>();

    private NcclStart(NcclBinding nccl, int[] devices) {
        this.nccl = nccl;
        this.devices = devices;
        comms = new long[devices.length];
    }

    /**
     * Makes a communicator for each device.
     *
     * @throws Nccl.NcclRefusal if NCCL refuses
     * @throws IllegalStateException if it does not answer in time
     */
    static long[] on(NcclBinding nccl, int[] devices, String names, Duration patience) {
        NcclStart start = new NcclStart(nccl, devices);
        try {
            if (!ONE_AT_A_TIME.tryAcquire(patience.toNanos(), TimeUnit.NANOSECONDS)) {
                throw new IllegalStateException(
                        names + ": ncclCommInitAll waits for an earlier one of this process, which has"
                                + " not ended within " + patience + remedy());
            }
        } catch (InterruptedException e) {
            throw interrupted(names, e);
        }
        Thread thread = new Thread(start::run, "NCCL starts on " + names);
        thread.setDaemon(true);
        thread.start();
        int code = start.answer(names, patience);
        if (code != 0) {
            throw new Nccl.NcclRefusal(names + ": " + NcclCollective.words(nccl, "ncclCommInitAll", code));
        }
        return start.comms;
    }

    private void run() {
        try {
            int code = nccl.commInitAll(comms, devices);
            if (!made.complete(code) && code == 0) {
                for (long comm : comms) {
                    nccl.destroy(comm);
                }
            }
        } catch (LinkageError | RuntimeException e) {
            made.completeExceptionally(e);
        } finally {
            ONE_AT_A_TIME.release();
        }
    }

    private int answer(String names, Duration patience) {
        try {
            return made.get(patience.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            if (made.completeExceptionally(e)) {
                throw new IllegalStateException(
                        names + ": ncclCommInitAll has not ended within " + patience + remedy(), e);
            }
            return made.join(); // it has ended just now
        } catch (InterruptedException e) {
            if (made.completeExceptionally(e)) {
                throw interrupted(names, e);
            }
            Thread.currentThread().interrupt();
            return made.join();
        } catch (ExecutionException e) {
            throw new IllegalStateException(names + ": ncclCommInitAll failed: " + e.getCause(), e.getCause());
        }
    }

    private static String remedy() {
        return "; NCCL_DEBUG=INFO says what it waits for, -D" + Nccl.PROPERTY + "=false does without NCCL";
    }

    private static IllegalStateException interrupted(String names, InterruptedException e) {
        Thread.currentThread().interrupt();
        return new IllegalStateException(names + ": interrupted while NCCL started", e);
    }
}
