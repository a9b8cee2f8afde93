package io.kiln.cpu;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Runs parts on plain Java threads, for machines without oneDNN's OpenMP library. The calling thread takes parts that
 * no helper has started yet, so helpers that start slowly only cost speed.
 */
final class JavaParallel implements Parallel {

    private static final long DEADLINE_MINUTES = 30;

    /** Daemon threads, shared by all engines of the JVM, which end after ten idle seconds. */
    private static final ExecutorService HELPERS =
            new ThreadPoolExecutor(0, Integer.MAX_VALUE, 10, TimeUnit.SECONDS, new SynchronousQueue<>(), task -> {
                Thread thread = new Thread(task, "kiln-parallel");
                thread.setDaemon(true);
                return thread;
            });

    private final int threads;
    private boolean running;

    JavaParallel(int threads) {
        this.threads = threads;
    }

    @Override
    public int threads() {
        return threads;
    }

    @Override
    public void run(int parts, PartBody body) {
        if (parts <= 1 || threads == 1 || running) {
            SerialParallel.INSTANCE.run(parts, body);
            return;
        }
        running = true;
        try {
            share(parts, body);
        } finally {
            running = false;
        }
    }

    private void share(int parts, PartBody body) {
        AtomicInteger next = new AtomicInteger();
        AtomicReference<Throwable> failure = new AtomicReference<>();
        CountDownLatch open = new CountDownLatch(parts);
        Runnable worker = () -> {
            for (int part = next.getAndIncrement(); part < parts; part = next.getAndIncrement()) {
                try {
                    body.run(part);
                } catch (Throwable t) { // reported by the calling thread
                    failure.compareAndSet(null, t);
                } finally {
                    open.countDown();
                }
            }
        };
        for (int helper = 1; helper < Math.min(parts, threads); helper++) {
            HELPERS.execute(worker);
        }
        worker.run();
        awaitAll(open);
        if (failure.get() != null) {
            OmpParallel.rethrow(failure.get());
        }
    }

    /** An interruption is kept for the caller: the parts still write into its arrays, so they must end first. */
    private static void awaitAll(CountDownLatch open) {
        boolean interrupted = false;
        long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(DEADLINE_MINUTES);
        try {
            while (true) {
                try {
                    if (open.await(end - System.nanoTime(), TimeUnit.NANOSECONDS)) {
                        return;
                    }
                    throw new IllegalStateException("parallel: " + open.getCount() + " parts did not end within "
                            + DEADLINE_MINUTES + " minutes");
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
