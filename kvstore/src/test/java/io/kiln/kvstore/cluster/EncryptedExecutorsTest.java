package io.kiln.kvstore.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.kiln.kvstore.Ranks;
import io.kiln.kvstore.collective.Collectives;
import io.kiln.kvstore.transport.Certificates;
import io.kiln.kvstore.transport.Coordinator;
import io.kiln.kvstore.transport.SparkTransport;
import io.kiln.kvstore.transport.Ticket;
import io.kiln.kvstore.transport.TransportOptions;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.HostView;
import io.kiln.ndarray.internal.Memory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(300)
class EncryptedExecutorsTest {
    private static final Map<String, String> SECRET =
            Map.of("spark.authenticate", "true", "spark.authenticate.secret", "open sesame");

    @Test
    void executorsWithSecretAndEncryptionSumAndAStrangerDoesNotDisturb(@TempDir Path folder) throws Exception {
        Map<String, String> settings = new HashMap<>(SECRET);
        settings.put("spark.network.crypto.enabled", "true");
        sumWithStrangersAtTheDoor(settings, folder);
    }

    @Test
    void executorsWithSecretAndTlsSumAndAStrangerDoesNotDisturb(@TempDir Path folder) throws Exception {
        SparkConf conf = Certificates.make(folder).jdkSsl(new SparkConf(false));
        Map<String, String> settings = new HashMap<>(SECRET);
        for (scala.Tuple2<String, String> t : conf.getAll()) {
            settings.put(t._1, t._2);
        }
        sumWithStrangersAtTheDoor(settings, folder);
    }

    /** While the executors sum, this process, which is in no group, tries to come in under rank 1's name. */
    private static void sumWithStrangersAtTheDoor(Map<String, String> settings, Path folder) throws Exception {
        Path door = folder.resolve("address");
        Path tried = folder.resolve("tried");
        String doorName = door.toString();
        String triedName = tried.toString();
        try (LocalCluster cluster = new LocalCluster(2, settings);
                Coordinator driver = Coordinator.open()) {
            Ticket ticket = driver.ticket();
            CompletableFuture<List<Object>> sums = CompletableFuture.supplyAsync(
                    () -> cluster.runOnAll(rank -> ExecutorGroup.join(ticket, 0, rank, 2, t -> {
                        if (rank == 0) {
                            Path part = Path.of(doorName + ".part");
                            Files.writeString(part, ((SparkTransport) t).address());
                            Files.move(part, Path.of(doorName), StandardCopyOption.ATOMIC_MOVE);
                            await(Path.of(triedName));
                        }
                        return sum(t.rank(), new Collectives(t, 0));
                    })));
            await(door);
            String victim = Files.readString(door);
            TransportOptions soon = TransportOptions.DEFAULT.withTimeout(Duration.ofSeconds(5));
            for (SparkConf stranger : List.of(
                    new SparkConf(false),
                    new SparkConf(false)
                            .set("spark.authenticate", "true")
                            .set("spark.authenticate.secret", "open barley"))) {
                // Joining may fail at the door, or at the first word that is not heard.
                assertThrows(RuntimeException.class, () -> {
                    try (SparkTransport t = SparkTransport.join(
                                    Ranks.endpoint(stranger),
                                    ticket.job(),
                                    1,
                                    2,
                                    soon,
                                    (g, r, n, a) -> List.of(victim, a));
                            Collectives c = new Collectives(t, 0)) {
                        c.barrier();
                    }
                });
            }
            Files.createFile(tried);
            assertEquals(List.of(3f, 3f), sums.get(120, TimeUnit.SECONDS));
        }
    }

    private static void await(Path file) {
        long end = System.nanoTime() + 60_000_000_000L;
        while (!Files.exists(file)) {
            if (System.nanoTime() > end) {
                throw new IllegalStateException("nobody wrote " + file);
            }
            LockSupport.parkNanos(5_000_000);
        }
    }

    private static float sum(int rank, Collectives c) {
        int n = 1_000_000;
        HostView x = HostView.allocate(4L * n);
        try (c) {
            for (int i = 0; i < n; i++) {
                Memory.putFloat(x.address() + 4L * i, rank + 1);
            }
            c.allReduce(DType.FLOAT32, x.slice(0, 4L * n), 0);
            return Memory.getFloat(x.address() + 4L * (n / 3));
        } finally {
            x.close();
        }
    }
}
