package io.kiln.cuda;

import io.kiln.backend.Collective;
import io.kiln.backend.Context;
import io.kiln.backend.Event;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.IntUnaryOperator;

/**
 * NCCL over the devices of one process: a communicator each, by one thread at a time. Each call is one group, in which every device gets
 * its part on the calling thread's stream.
 *
 * <p>A kernel of NCCL's waits for those of the other devices. {@link NcclWatch} sees to it that none waits for good.
 */
final class NcclCollective implements Collective {
    /** Seconds after which work of NCCL's counts as failed. */
    static final String SECONDS_PROPERTY = "kiln.cuda.ncclSeconds";

    private static final long DEFAULT_SECONDS = 300;

    private final NcclBinding nccl;
    private final List<CudaBackend> backends;
    private final long[] comms;
    private final NcclWatch watch;

    private NcclCollective(NcclBinding nccl, List<CudaBackend> backends, long[] comms, Duration patience) {
        this.nccl = nccl;
        this.backends = backends;
        this.comms = comms;
        watch = new NcclWatch(nccl, backends, comms, patience);
    }

    /**
     * Makes the communicators.
     *
     * @throws Nccl.NcclRefusal if NCCL refuses
     * @throws IllegalStateException if it does not answer in time
     */
    static NcclCollective open(NcclBinding nccl, List<CudaBackend> backends) {
        Duration patience = Duration.ofSeconds(Long.getLong(SECONDS_PROPERTY, DEFAULT_SECONDS));
        long[] comms = new long[backends.size()];
        int[] devices = backends.stream().mapToInt(b -> b.device().index()).toArray();
        int code = answer(nccl, comms, devices, names(backends), patience);
        if (code != 0) {
            throw new Nccl.NcclRefusal(names(backends) + ": " + words(nccl, "ncclCommInitAll", code));
        }
        return new NcclCollective(nccl, backends, comms, patience);
    }

    /** NCCL has no communicator to abort yet: a call that hangs is left to a thread of its own. */
    private static int answer(NcclBinding nccl, long[] comms, int[] devices, String names, Duration patience) {
        CompletableFuture<Integer> made = new CompletableFuture<>();
        Thread thread = new Thread(
                () -> {
                    try {
                        made.complete(nccl.commInitAll(comms, devices));
                    } catch (LinkageError | RuntimeException e) {
                        made.completeExceptionally(e);
                    }
                },
                "NCCL starts on " + names);
        thread.setDaemon(true);
        thread.start();
        try {
            return made.get(patience.toSeconds(), TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            throw new IllegalStateException(
                    names + ": ncclCommInitAll has not ended within " + patience
                            + "; NCCL_DEBUG=INFO says what it waits for, -D" + Nccl.PROPERTY
                            + "=false does without NCCL",
                    e);
        } catch (ExecutionException e) {
            throw new IllegalStateException(names + ": ncclCommInitAll failed: " + e.getCause(), e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(names + ": interrupted while NCCL started", e);
        }
    }

    /** A failed call in NCCL's words. */
    static String words(NcclBinding nccl, String call, int code) {
        String more = nccl.lastError();
        return call + " failed: " + nccl.errorString(code) + (more.isBlank() ? "" : " (" + more.strip() + ")")
                + "; NCCL_DEBUG=INFO says more";
    }

    static String names(List<CudaBackend> backends) {
        return String.join(
                ", ", backends.stream().map(b -> b.device().toString()).toList());
    }

    @Override
    public void reduce(List<NDArray> from, NDArray to) {
        NDArray[] ranked = ranked(from);
        int root = rank(to);
        List<NDArray> used = new ArrayList<>(from);
        used.add(to);
        submit("ncclReduce", used, queues -> rank -> {
            long receive = rank == root ? address(to) : 0;
            return nccl.reduce(
                    address(ranked[rank]),
                    receive,
                    to.size(),
                    type(to.dtype()),
                    root,
                    comms[rank],
                    queues[rank].handle());
        });
    }

    @Override
    public void broadcast(NDArray from, List<NDArray> to) {
        NDArray[] ranked = ranked(to);
        int root = rank(from);
        List<NDArray> used = new ArrayList<>(to);
        used.add(from);
        submit("ncclBroadcast", used, queues -> rank -> {
            long send = rank == root ? address(from) : 0;
            return nccl.broadcast(
                    send,
                    address(ranked[rank]),
                    from.size(),
                    type(from.dtype()),
                    root,
                    comms[rank],
                    queues[rank].handle());
        });
    }

    /** The call of each rank, once the queues are known. */
    private interface Calls {
        IntUnaryOperator on(CudaQueue[] queues);
    }

    private synchronized void submit(String call, List<NDArray> used, Calls calls) {
        watch.check();
        CudaQueue[] queues = new CudaQueue[comms.length];
        for (int rank = 0; rank < queues.length; rank++) {
            queues[rank] = (CudaQueue) Context.current().queue(backends.get(rank));
            queues[rank].beginShared(call);
        }
        watch.given(call);
        int code = group(calls.on(queues));
        Event[] ends = new Event[queues.length];
        if (code == 0) {
            for (int rank = 0; rank < queues.length; rank++) {
                queues[rank].endShared(call);
                ends[rank] = queues[rank].record();
            }
            for (NDArray a : used) {
                queues[rank(a)].used(a.storage());
            }
        }
        watch.returned(code, ends);
        watch.check();
    }

    private int group(IntUnaryOperator call) {
        int code = nccl.groupStart();
        for (int rank = 0; rank < comms.length && code == 0; rank++) {
            code = call.applyAsInt(rank);
        }
        int end = nccl.groupEnd();
        return code == 0 ? end : code;
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
    public synchronized void close() {
        watch.close();
    }
}
