package io.kiln.kvstore;

import io.kiln.kvstore.transport.Endpoint;
import io.kiln.kvstore.transport.GroupId;
import io.kiln.kvstore.transport.Rendezvous;
import io.kiln.kvstore.transport.SparkTransport;
import io.kiln.kvstore.transport.Transport;
import io.kiln.kvstore.transport.TransportOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.spark.SecurityManager;
import org.apache.spark.SparkConf;
import scala.Option;

/** Several ranks in this process, one thread each, over real transports on loopback. */
public final class Ranks {
    /** What a rank does. */
    @FunctionalInterface
    public interface Work<T> {
        T run(Transport transport) throws Exception;
    }

    private Ranks() {}

    public static Endpoint endpoint(SparkConf conf) {
        return new Endpoint(
                conf.clone().set("spark.app.id", "app-test"),
                new SecurityManager(
                        conf, Option.empty(), org.apache.spark.internal.config.package$.MODULE$.AUTH_SECRET_FILE()),
                "127.0.0.1",
                "app-test");
    }

    /** Runs the same work on each rank of a group; fails with the first failure of any. */
    public static <T> List<T> run(int size, Work<T> work) throws Exception {
        List<T> results = new ArrayList<>();
        for (Future<T> f :
                start(size, new SparkConf(false), TransportOptions.DEFAULT.withTimeout(Duration.ofSeconds(60)), work)) {
            try {
                results.add(f.get());
            } catch (ExecutionException e) {
                throw e.getCause() instanceof Exception x ? x : e;
            }
        }
        return results;
    }

    /** Starts the same work on each rank and waits until all have ended, well or badly. */
    public static <T> List<Future<T>> start(int size, SparkConf conf, TransportOptions options, Work<T> work)
            throws InterruptedException {
        Endpoint endpoint = endpoint(conf);
        GroupId group = GroupId.random();
        Rendezvous table = table(size);
        ExecutorService threads = Executors.newFixedThreadPool(size);
        List<Future<T>> futures = new ArrayList<>();
        for (int r = 0; r < size; r++) {
            int rank = r;
            futures.add(threads.submit(() -> {
                try (SparkTransport t = SparkTransport.join(endpoint, group, rank, size, options, table)) {
                    try {
                        return work.run(t);
                    } catch (Exception | AssertionError e) {
                        t.abort(e.toString());
                        throw e;
                    }
                }
            }));
        }
        threads.shutdown();
        if (!threads.awaitTermination(120, TimeUnit.SECONDS)) {
            threads.shutdownNow();
            throw new AssertionError("ranks did not end within 120 s");
        }
        return futures;
    }

    public static Rendezvous table(int size) {
        String[] addresses = new String[size];
        CountDownLatch all = new CountDownLatch(size);
        return (group, rank, n, address) -> {
            synchronized (addresses) {
                addresses[rank] = address;
            }
            all.countDown();
            try {
                if (!all.await(30, TimeUnit.SECONDS)) {
                    throw new KVStoreException("rendezvous: not all came");
                }
            } catch (InterruptedException e) {
                throw new KVStoreException("rendezvous: interrupted", e);
            }
            synchronized (addresses) {
                return Arrays.asList(addresses.clone());
            }
        };
    }
}
