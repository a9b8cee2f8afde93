package io.kiln.kvstore.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.kvstore.PeerFailedException;
import io.kiln.kvstore.collective.Collectives;
import io.kiln.kvstore.transport.Coordinator;
import io.kiln.kvstore.transport.Endpoint;
import io.kiln.kvstore.transport.Ticket;
import io.kiln.kvstore.transport.Transport;
import io.kiln.kvstore.transport.TransportOptions;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.HostView;
import io.kiln.ndarray.internal.Memory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.zip.CRC32;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Tag("core")
@Timeout(300)
@TestInstance(Lifecycle.PER_CLASS)
class CollectivesOnExecutorsTest {
    private static final int EXECUTORS = 3;
    private LocalCluster cluster;

    @BeforeAll
    void start() {
        cluster = new LocalCluster(EXECUTORS, Map.of());
    }

    @AfterAll
    void stop() {
        if (cluster != null) {
            cluster.close();
        }
    }

    /** Sums arrays of several sizes; returns a checksum of all results. */
    private static long sums(Transport t, int... counts) {
        CRC32 crc = new CRC32();
        for (int n : counts) {
            HostView x = HostView.allocate(4L * n + 1);
            try (Collectives c = new Collectives(t, 0)) {
                Random r = new Random(n + 7L * t.rank());
                for (int i = 0; i < n; i++) {
                    Memory.putFloat(x.address() + 4L * i, r.nextFloat());
                }
                c.allReduce(DType.FLOAT32, x.slice(0, 4L * n), n);
                byte[] bytes = new byte[4 * n];
                x.get(0, bytes, 0, bytes.length);
                crc.update(bytes);
            } finally {
                x.close();
            }
        }
        return crc.getValue();
    }

    @Test
    void sumsHaveTheSameBitsOnAllExecutorsAndInEveryRun() {
        HashSet<Object> seen = new HashSet<>();
        for (int run = 0; run < 3; run++) {
            try (Coordinator driver = Coordinator.open()) {
                Ticket ticket = driver.ticket();
                seen.addAll(cluster.runOnAll(rank ->
                        ExecutorGroup.join(ticket, 0, rank, EXECUTORS, t -> sums(t, 0, 1, 4099, 300_001, 3_000_000))));
            }
        }
        assertEquals(1, seen.size(), seen.toString());
    }

    @Test
    void attemptsOfOneJobMeetOneAfterTheOther() {
        try (Coordinator driver = Coordinator.open()) {
            Ticket ticket = driver.ticket();
            for (int attempt = 0; attempt < 3; attempt++) {
                int a = attempt;
                List<Object> sums =
                        cluster.runOnAll(rank -> ExecutorGroup.join(ticket, a, rank, EXECUTORS, t -> sums(t, 1000)));
                assertEquals(1, new HashSet<>(sums).size());
            }
            Exception e = assertThrows(
                    Exception.class,
                    () -> cluster.runOnAll(
                            1, rank -> ExecutorGroup.join(ticket, 1, rank, EXECUTORS, t -> sums(t, 1000))));
            assertTrue(e.getMessage().contains("attempt 1 is over, attempt 2 is running"), e.getMessage());
        }
    }

    @Test
    void aRendezvousThatIsNotCompleteNamesWhoIsMissing() {
        try (Coordinator driver = Coordinator.open()) {
            Ticket ticket = driver.ticket();
            List<Object> said = cluster.runOnAll(1, rank -> {
                TransportOptions o = TransportOptions.DEFAULT.withTimeout(Duration.ofMillis(300));
                try {
                    ticket.rendezvous(o)
                            .meet(ticket.job(), 1, 4, Endpoint.ofThisExecutor().host() + ":1");
                    return "met";
                } catch (RuntimeException e) {
                    return e.getMessage();
                }
            });
            assertTrue(
                    said.get(0).toString().contains("waited 0 s for 4 workers; missing: ranks 0, 2, 3"),
                    said.toString());
        }
    }

    /** Kills the process of rank 1 while all sum without end; returns what the others said. */
    private List<String> killRankOne(String signal, Path folder) throws Exception {
        String file = folder.toString();
        try (Coordinator driver = Coordinator.open()) {
            Ticket ticket = driver.ticket();
            assertThrows(
                    Exception.class,
                    () -> cluster.runOnAll(rank -> ExecutorGroup.join(ticket, 0, rank, EXECUTORS, t -> {
                        HostView x = HostView.allocate(4L << 20);
                        try (Collectives c = new Collectives(t, 0)) {
                            for (int round = 0; ; round++) {
                                c.allReduce(DType.FLOAT32, x, round);
                                if (round == 20 && rank == 1) {
                                    Files.writeString(Path.of(file, "time"), "" + System.currentTimeMillis());
                                    Files.writeString(
                                            Path.of(file, "pid"),
                                            "" + ProcessHandle.current().pid());
                                    new ProcessBuilder(
                                                    "kill",
                                                    signal,
                                                    "" + ProcessHandle.current().pid())
                                            .start()
                                            .waitFor(5, TimeUnit.SECONDS);
                                }
                            }
                        } catch (PeerFailedException e) {
                            long after = System.currentTimeMillis()
                                    - Long.parseLong(Files.readString(Path.of(file, "time")));
                            Path word = Path.of(file, "word" + rank);
                            Files.writeString(word, e.rank() + " after " + after + " ms: " + e.getMessage());
                            Files.move(word, Path.of(file, "rank" + rank), StandardCopyOption.ATOMIC_MOVE);
                            throw e;
                        } finally {
                            x.close();
                        }
                    })));
        }
        return List.of(written(folder.resolve("rank0")), written(folder.resolve("rank2")));
    }

    /** Spark may fail the job before the tasks have said their last word. */
    private static String written(Path file) throws Exception {
        long end = System.nanoTime() + 20_000_000_000L;
        while (!Files.exists(file) && System.nanoTime() < end) {
            LockSupport.parkNanos(10_000_000);
        }
        return Files.readString(file);
    }

    @Test
    void aKilledExecutorFailsTheOthersAndIsNamed(@TempDir Path folder) throws Exception {
        for (String said : killRankOne("-KILL", folder)) {
            System.out.println("after kill -9: " + said);
            assertTrue(
                    said.matches("(?s)1 after \\d+ ms: rank 1 \\(127.0.0.1:\\d+\\) failed: its connection closed.*"),
                    said);
        }
        // The application goes on.
        try (Coordinator driver = Coordinator.open()) {
            Ticket ticket = driver.ticket();
            List<Object> sums =
                    cluster.runOnAll(rank -> ExecutorGroup.join(ticket, 0, rank, EXECUTORS, t -> sums(t, 100_000)));
            assertEquals(1, new HashSet<>(sums).size());
            assertNotEquals(0L, sums.get(0));
        }
    }

    @Test
    void anExecutorThatStandsStillFailsTheOthersAndIsNamed(@TempDir Path folder) throws Exception {
        try {
            for (String said : killRankOne("-STOP", folder)) {
                System.out.println("after kill -STOP: " + said);
                assertTrue(said.matches("(?s)1 after \\d+ ms: rank 1 .* failed: no sign of life for \\d+ ms.*"), said);
            }
        } finally {
            long pid = Long.parseLong(Files.readString(folder.resolve("pid")));
            ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
        }
    }

    @Test
    void anExecutorThatStandsStillForLessThanTheLimitIsWaitedFor() {
        try (Coordinator driver = Coordinator.open()) {
            Ticket ticket = driver.ticket();
            List<Object> said = cluster.runOnAll(rank -> {
                TransportOptions patient = TransportOptions.DEFAULT.withHeartbeatTimeout(Duration.ofSeconds(30));
                return ExecutorGroup.join(patient, ticket, 0, rank, EXECUTORS, t -> {
                    long before = sums(t, 1000);
                    if (rank == 1) {
                        long pid = ProcessHandle.current().pid();
                        String pause = String.format(Locale.ROOT, "kill -STOP %d; sleep 2; kill -CONT %d", pid, pid);
                        new ProcessBuilder("sh", "-c", pause).start().waitFor(30, TimeUnit.SECONDS);
                    }
                    return before == sums(t, 1000);
                });
            });
            assertEquals(List.of(true, true, true, true).subList(0, EXECUTORS), said);
        }
    }
}
