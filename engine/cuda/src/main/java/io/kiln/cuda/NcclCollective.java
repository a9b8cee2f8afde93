package io.kiln.cuda;

import io.kiln.backend.Collective;
import io.kiln.backend.Context;
import io.kiln.backend.Event;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/**
 * NCCL over the devices of one process: a communicator each. Each call is one group, in which every device gets its part on the calling
 * thread's stream. Groups are given one at a time in a process, so that the streams of devices that several communicators share have them
 * in one order.
 *
 * <p>A kernel of NCCL's waits for those of the other devices. {@link NcclWatch} sees to it that none waits for good.
 */
final class NcclCollective implements Collective {
    /** Seconds after which work of NCCL's counts as failed, from when all devices have reached it. */
    static final String SECONDS_PROPERTY = "kiln.cuda.ncclSeconds";

    private static final long DEFAULT_SECONDS = 300;
    private static final long MOST_SECONDS = 1_000_000;
    private static final int NO_ANSWER = -1;

    private static final ReentrantLock ONE_GROUP_AT_A_TIME = new ReentrantLock();

    private final NcclBinding nccl;
    private final List<CudaBackend> backends;
    private final long[] comms;
    private final Duration patience;
    private final NcclWatch watch;

    private NcclCollective(NcclBinding nccl, List<CudaBackend> backends, long[] comms, Duration patience) {
        this.nccl = nccl;
        this.backends = backends;
        this.comms = comms;
        this.patience = patience;
        watch = new NcclWatch(
                nccl, backends.stream().map(CudaBackend::cudaDevice).toList(), comms, patience);
    }

    /**
     * Makes the communicators.
     *
     * @throws Nccl.NcclRefusal if NCCL refuses
     * @throws IllegalStateException if it does not answer in time
     * @throws IllegalArgumentException if {@value #SECONDS_PROPERTY} is no number of seconds
     */
    static NcclCollective open(NcclBinding nccl, List<CudaBackend> backends) {
        Duration patience = patience();
        int[] devices = backends.stream().mapToInt(b -> b.device().index()).toArray();
        return new NcclCollective(nccl, backends, NcclStart.on(nccl, devices, names(backends), patience), patience);
    }

    private static Duration patience() {
        String text = System.getProperty(SECONDS_PROPERTY, String.valueOf(DEFAULT_SECONDS));
        long seconds;
        try {
            seconds = Long.parseLong(text.strip());
        } catch (NumberFormatException e) {
            seconds = 0;
        }
        if (seconds < 1 || seconds > MOST_SECONDS) {
            throw new IllegalArgumentException("-D" + SECONDS_PROPERTY + " must be a number of seconds from 1 to "
                    + MOST_SECONDS + ", got " + text);
        }
        return Duration.ofSeconds(seconds);
    }

    /** A failed call in NCCL's words. */
    static String words(NcclBinding nccl, String call, int code) {
        String more = nccl.lastError();
        return call + " failed: " + nccl.errorString(code) + (more.isBlank() ? "" : " (" + more.strip() + ")")
                + "; NCCL_DEBUG=INFO says more";
    }

    private static String names(List<CudaBackend> backends) {
        return String.join(
                ", ", backends.stream().map(b -> b.device().toString()).toList());
    }

    @Override
    public void reduce(List<NDArray> from, NDArray to) {
        long[] send = addresses(from, to);
        long receive = address(to);
        int type = type(to.dtype());
        int root = rank(to);
        long count = to.size();
        submit(
                "ncclReduce",
                from,
                to,
                (rank, stream) ->
                        nccl.reduce(send[rank], rank == root ? receive : 0, count, type, root, comms[rank], stream));
    }

    @Override
    public void broadcast(NDArray from, List<NDArray> to) {
        long[] receive = addresses(to, from);
        long send = address(from);
        int type = type(from.dtype());
        int root = rank(from);
        long count = from.size();
        submit(
                "ncclBroadcast",
                to,
                from,
                (rank, stream) ->
                        nccl.broadcast(rank == root ? send : 0, receive[rank], count, type, root, comms[rank], stream));
    }

    /** A rank's call. Everything that may be wrong with it was checked before, as an exception would leave the group open. */
    private interface Call {
        int give(int rank, long stream);
    }

    private void submit(String name, List<NDArray> each, NDArray one, Call call) {
        CudaQueue[] queues = new CudaQueue[comms.length];
        for (int rank = 0; rank < queues.length; rank++) {
            queues[rank] = (CudaQueue) Context.current().queue(backends.get(rank));
            queues[rank].beginShared(name);
        }
        enter(name);
        try {
            Event[] starts = new Event[queues.length];
            Arrays.setAll(starts, rank -> queues[rank].recordNow());
            watch.given(name, starts);
            int code = NO_ANSWER;
            try {
                code = group(queues, call);
            } finally {
                watch.returned(code);
            }
            watch.checkNotFailed();
            try {
                watch.marked(end(name, queues, each, one));
            } catch (RuntimeException | LinkageError e) {
                throw watch.unmarked(e);
            }
        } finally {
            ONE_GROUP_AT_A_TIME.unlock();
        }
        watch.checkNotFailed();
    }

    private void enter(String name) {
        Duration longest = patience.multipliedBy(2); // a call that hangs fails at half of it
        try {
            if (!ONE_GROUP_AT_A_TIME.tryLock(longest.toNanos(), TimeUnit.NANOSECONDS)) {
                throw new IllegalStateException(names(backends) + ": " + name
                        + " waits for another thread's call of NCCL, which has not returned within " + longest);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(names(backends) + ": interrupted before " + name, e);
        }
    }

    private int group(CudaQueue[] queues, Call call) {
        int code = nccl.groupStart();
        if (code != 0) {
            return code;
        }
        int end = 0;
        try {
            for (int rank = 0; rank < comms.length && code == 0; rank++) {
                code = call.give(rank, queues[rank].handle());
            }
        } finally {
            end = nccl.groupEnd();
        }
        return code == 0 ? end : code;
    }

    private Event[] end(String name, CudaQueue[] queues, List<NDArray> each, NDArray one) {
        Event[] ends = new Event[queues.length];
        for (int rank = 0; rank < queues.length; rank++) {
            queues[rank].endShared(name);
            ends[rank] = queues[rank].recordNow();
        }
        each.forEach(a -> queues[rank(a)].used(a.storage()));
        queues[rank(one)].used(one.storage());
        return ends;
    }

    /** The address of each rank's array, all like the one. */
    private long[] addresses(List<NDArray> each, NDArray one) {
        NDArray[] ranked = ranked(each);
        long[] addresses = new long[ranked.length];
        for (int rank = 0; rank < ranked.length; rank++) {
            if (!ranked[rank].spec().equals(one.spec())) {
                throw new IllegalArgumentException(
                        "NCCL: needs arrays of one shape and dtype, got " + one.spec() + " and " + ranked[rank].spec());
            }
            addresses[rank] = address(ranked[rank]);
        }
        return addresses;
    }

    private NDArray[] ranked(List<NDArray> arrays) {
        NDArray[] ranked = new NDArray[comms.length];
        arrays.forEach(a -> ranked[rank(a)] = a);
        for (int rank = 0; rank < ranked.length; rank++) {
            if (ranked[rank] == null || arrays.size() != ranked.length) {
                throw new IllegalArgumentException(
                        "NCCL: needs one array on each of " + names(backends) + ", got arrays on "
                                + arrays.stream().map(NDArray::device).toList());
            }
        }
        return ranked;
    }

    private int rank(NDArray a) {
        int rank = backends.indexOf(a.backend());
        if (rank < 0) {
            throw new IllegalArgumentException(
                    "NCCL: needs arrays on " + names(backends) + ", got one on " + a.device());
        }
        return rank;
    }

    private static long address(NDArray a) {
        if (!a.isContiguous()) {
            throw new IllegalArgumentException("NCCL: needs row-major arrays, got " + a.layout());
        }
        return a.address() & Long.MAX_VALUE;
    }

    /** NCCL's number of a dtype ({@code ncclDataType_t}). */
    private static int type(DType dtype) {
        return switch (dtype) {
            case FLOAT16 -> 6;
            case FLOAT32 -> 7;
            case FLOAT64 -> 8;
            case BFLOAT16 -> 9;
            default -> throw new IllegalArgumentException("NCCL: needs a floating dtype, got " + dtype);
        };
    }

    @Override
    public void close() {
        watch.close();
    }
}
