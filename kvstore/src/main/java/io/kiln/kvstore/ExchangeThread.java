package io.kiln.kvstore;

import io.kiln.backend.Backend;
import io.kiln.backend.Context;
import io.kiln.backend.Event;
import io.kiln.backend.Queue;
import io.kiln.kvstore.collective.Collectives;
import io.kiln.kvstore.collective.Slices;
import io.kiln.kvstore.transport.Transport;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.HostView;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * The thread that communicates with the other workers while the training thread computes. It accesses memory only,
 * never an engine. Its waits end with the transport's deadlines.
 */
final class ExchangeThread implements AutoCloseable {
    private static final int CHANNEL = 2;
    private static final long CLOSE_SECONDS = 30;

    private final Transport transport;
    private final List<ExchangeBucket> buckets;
    private final Backend backend;
    private final Collectives collectives;
    private final ScaledCopy copier = new ScaledCopy();
    private final ExecutorService thread;
    private final List<Future<Event>> pending = new ArrayList<>();
    private Future<Double> total;

    ExchangeThread(Transport transport, List<ExchangeBucket> buckets, Backend backend) {
        this.transport = transport;
        this.backend = backend;
        this.buckets = buckets;
        this.collectives = new Collectives(transport, CHANNEL);
        this.thread = Executors.newSingleThreadExecutor(task -> {
            Thread t = new Thread(task, "kiln-exchange-" + transport.rank());
            t.setDaemon(true);
            return t;
        });
    }

    /** Distributes rank 0's weights to all workers. */
    void shareWeights() {
        submit(() -> {
            for (int i = 0; i < buckets.size(); i++) {
                try (HostView weights = buckets.get(i).weights().update()) {
                    collectives.broadcast(0, weights, i);
                }
            }
            return null;
        });
        finishGather();
    }

    void sumWeights(double weight) {
        total = thread.submit(() -> {
            double[] sum = {weight};
            try (HostView cell = HostView.allocate(Double.BYTES)) {
                cell.put(0, sum, 0, 1);
                collectives.allReduce(DType.FLOAT64, cell, 1);
                cell.get(0, sum, 0, 1);
                return sum[0];
            }
        });
    }

    void reduce(ExchangeBucket b, double factor) {
        submit(() -> {
            b.fill(copier, factor);
            try (HostView sums = b.sums().update()) {
                collectives.reduceScatter(b.layout().dtype(), sums, b.layout().slices(), 2);
            }
            return null;
        });
    }

    /** Waits until the owned slices hold their sums; returns the sum of the weights. */
    double finishReduce() {
        finish();
        return get(total);
    }

    void gather(ExchangeBucket b) {
        submit(() -> {
            Slices slices = b.layout().slices();
            try (HostView weights = b.weights().update()) {
                collectives.allGather(b.layout().dtype(), weights, slices, 3);
            }
            return null;
        });
    }

    /** Waits until all weights have arrived. */
    void finishGather() {
        finish();
    }

    /** What the training thread has given to its queue so far comes before the work, and the work before what follows. */
    private void submit(Callable<Void> work) {
        Event given = queue().record();
        pending.add(thread.submit(() -> {
            queue().await(given);
            work.call();
            return queue().record();
        }));
    }

    private Queue queue() {
        return Context.current().queue(backend);
    }

    private void finish() {
        pending.forEach(f -> queue().await(get(f)));
        pending.clear();
    }

    private static <T> T get(Future<T> f) {
        try {
            return f.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof PeerFailedException p) {
                String reason = p.getMessage().substring(p.getMessage().indexOf("failed: ") + "failed: ".length());
                PeerFailedException here = new PeerFailedException(p.rank(), p.host(), reason);
                here.initCause(p);
                throw here;
            }
            throw new KVStoreException("exchange: " + e.getCause().getMessage(), e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new KVStoreException("exchange: interrupted", e);
        }
    }

    @Override
    public void close() {
        if (pending.stream().anyMatch(f -> !f.isDone()) || total != null && !total.isDone()) {
            transport.abort("training was stopped in the middle of a step");
        }
        thread.shutdown();
        try {
            if (!thread.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
                throw new KVStoreException("exchange: its thread did not end within %d s".formatted(CLOSE_SECONDS));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        collectives.close();
    }
}
