package io.kiln.spark.feed;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;

/**
 * Threads that decode and transform the images of a batch.
 *
 * <p>Concurrency: used by the feeder's thread.
 */
final class FeedThreads implements AutoCloseable {
    private final int count;
    private final ExecutorService threads;

    /** Creates threads in addition to the caller's. */
    FeedThreads(int count) {
        this.count = count;
        this.threads = count < 2
                ? null
                : Executors.newFixedThreadPool(count - 1, r -> {
                    Thread t = new Thread(r, "kiln-feed-images");
                    t.setDaemon(true);
                    return t;
                });
    }

    /**
     * Runs a task for each of 0 … n-1, in any order. When one fails or this thread is interrupted, no others begin; those that have begun
     * are always waited for, since they use memory that the caller would free.
     *
     * @throws IllegalStateException if this thread was interrupted, which it remains
     */
    void forEach(int n, IntConsumer task) {
        AtomicInteger next = new AtomicInteger();
        Thread caller = Thread.currentThread();
        Runnable some = () -> {
            try {
                for (int i = next.getAndIncrement(); i < n && !caller.isInterrupted(); i = next.getAndIncrement()) {
                    task.accept(i);
                }
            } catch (RuntimeException | Error e) {
                next.set(n);
                throw e;
            }
        };
        List<Future<?>> others = new ArrayList<>();
        for (int t = 1; t < Math.min(count, n); t++) {
            others.add(threads.submit(some));
        }
        Throwable failure = null;
        try {
            some.run();
        } catch (RuntimeException | Error e) {
            failure = e;
        }
        boolean interrupted = false;
        for (Future<?> f : others) {
            boolean ended = false;
            while (!ended) {
                try {
                    f.get(); // no deadline: each has at most one image to finish, whose size is bounded
                    ended = true;
                } catch (InterruptedException e) {
                    interrupted = true;
                    next.set(n);
                } catch (ExecutionException e) {
                    failure = e.getCause();
                    ended = true;
                }
            }
        }
        if (interrupted) {
            caller.interrupt();
        }
        if (failure instanceof Error e) {
            throw e;
        } else if (failure instanceof RuntimeException e) {
            throw e;
        } else if (caller.isInterrupted()) {
            throw new IllegalStateException("feed: interrupted while images were decoded");
        }
    }

    @Override
    public void close() {
        if (threads != null) {
            threads.shutdown();
        }
    }
}
