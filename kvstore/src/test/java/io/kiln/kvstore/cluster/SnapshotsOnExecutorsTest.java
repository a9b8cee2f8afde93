package io.kiln.kvstore.cluster;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.kvstore.KVStoreException;
import io.kiln.kvstore.snapshot.SnapshotManifest;
import io.kiln.kvstore.snapshot.SnapshotStore;
import io.kiln.kvstore.transport.Coordinator;
import io.kiln.kvstore.transport.Ticket;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.locks.LockSupport;
import org.apache.spark.SparkEnv;
import org.apache.spark.storage.BlockId;
import org.apache.spark.storage.BroadcastBlockId;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.Timeout;
import scala.Function1;
import scala.jdk.javaapi.CollectionConverters;

@Timeout(300)
@TestInstance(Lifecycle.PER_CLASS)
class SnapshotsOnExecutorsTest {
    private static final int EXECUTORS = 2;
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

    private static byte[] content(long version, int slice) {
        byte[] b = new byte[100_000 + slice];
        new Random(version * 100 + slice).nextBytes(b);
        return b;
    }

    private void save(Ticket ticket, int attempt, long version) {
        cluster.runOnAll(rank -> {
            new SnapshotStore(ticket, attempt).save(version, rank, out -> out.write(content(version, rank)));
            return null;
        });
    }

    /** Names of the store's blocks, asked of every executor itself. */
    private static TreeSet<String> blocks(long storeId) {
        String prefix = "broadcast_" + storeId + "_";
        TreeSet<String> names = new TreeSet<>();
        Function1<BlockId, Object> filter =
                (Function1<BlockId, Object> & Serializable) id -> id.name().startsWith(prefix);
        for (BlockId id : CollectionConverters.asJava(
                SparkEnv.get().blockManager().master().getMatchingBlockIds(filter, true))) {
            names.add(id.name().substring(prefix.length()));
        }
        return names;
    }

    private static void awaitBlocks(long storeId, TreeSet<String> expected) {
        long end = System.nanoTime() + 20_000_000_000L;
        while (!blocks(storeId).equals(expected) && System.nanoTime() < end) {
            LockSupport.parkNanos(20_000_000);
        }
        assertEquals(expected, blocks(storeId));
    }

    @Test
    void aNewVersionReplacesTheOldOneAndNothingIsLeftAtTheEnd() {
        long storeId;
        try (Coordinator driver = Coordinator.open();
                SnapshotManifest manifest = new SnapshotManifest(driver, EXECUTORS)) {
            storeId = manifest.storeId();
            Ticket ticket = driver.ticket();
            assertEquals(OptionalLong.empty(), manifest.newestComplete());
            save(ticket, 0, 1);
            assertEquals(OptionalLong.of(1), manifest.newestComplete());
            save(ticket, 0, 2);
            assertEquals(OptionalLong.of(2), manifest.newestComplete());
            awaitBlocks(storeId, new TreeSet<>(List.of("v2_a0_s0_p0", "v2_a0_s1_p0")));
            for (int slice = 0; slice < EXECUTORS; slice++) {
                assertArrayEquals(
                        content(2, slice), manifest.load(2, slice).toChunks().toByteArray());
            }
            List<Object> read = cluster.runOnAll(rank -> {
                SnapshotStore s = new SnapshotStore(ticket, 1);
                return List.of(
                        s.newestComplete().getAsLong(), s.load(2, 1 - rank).bytes());
            });
            assertEquals(List.of(List.of(2L, 100_001L), List.of(2L, 100_000L)), read);
        }
        assertEquals(new TreeSet<>(), blocks(storeId));
    }

    @Test
    void aSliceLiesInPartsThatAreReadOneAfterAnother() {
        try (Coordinator driver = Coordinator.open();
                SnapshotManifest manifest = new SnapshotManifest(driver, EXECUTORS)) {
            Ticket ticket = driver.ticket();
            cluster.runOnAll(rank -> {
                byte[] all = content(1, rank);
                new SnapshotStore(ticket, 0, 40_000).save(1, rank, rank == 0 ? out -> {} : out -> out.write(all));
                return null;
            });
            awaitBlocks(manifest.storeId(), new TreeSet<>(List.of("v1_a0_s1_p0", "v1_a0_s1_p1", "v1_a0_s1_p2")));
            assertEquals(OptionalLong.of(1), manifest.newestComplete(), "a slice without bytes has no blocks");
            assertEquals(0, manifest.load(1, 0).bytes());
            assertArrayEquals(content(1, 1), manifest.load(1, 1).toChunks().toByteArray());
            List<Object> read = cluster.runOnAll(rank -> Arrays.equals(
                    content(1, 1),
                    new SnapshotStore(ticket, 1).load(1, 1).toChunks().toByteArray()));
            assertEquals(List.of(true, true), read);
            SparkEnv.get().blockManager().master().removeBlock(new BroadcastBlockId(manifest.storeId(), "v1_a0_s1_p1"));
            awaitBlocks(manifest.storeId(), new TreeSet<>(List.of("v1_a0_s1_p0", "v1_a0_s1_p2")));
            assertEquals(OptionalLong.empty(), manifest.newestComplete(), "one part is lost");
        }
    }

    @Test
    void anIncompleteVersionDoesNotCountAndAttemptsDoNotMix() {
        try (Coordinator driver = Coordinator.open();
                SnapshotManifest manifest = new SnapshotManifest(driver, EXECUTORS)) {
            Ticket ticket = driver.ticket();
            save(ticket, 0, 1);
            cluster.runOnAll(1, rank -> {
                new SnapshotStore(ticket, 0).save(2, 0, out -> out.write(content(2, 0)));
                return null;
            });
            cluster.runOnAll(1, rank -> {
                new SnapshotStore(ticket, 1).save(2, 1, out -> out.write(content(77, 1)));
                return null;
            });
            assertEquals(OptionalLong.of(1), manifest.newestComplete());
            KVStoreException e = assertThrows(KVStoreException.class, () -> manifest.load(2, 0));
            assertEquals("snapshot: version 2 is not complete; known versions: [1, 2]", e.getMessage());
            save(ticket, 2, 2);
            assertEquals(OptionalLong.of(2), manifest.newestComplete());
            assertArrayEquals(content(2, 1), manifest.load(2, 1).toChunks().toByteArray());
            awaitBlocks(manifest.storeId(), new TreeSet<>(List.of("v2_a2_s0_p0", "v2_a2_s1_p0")));
        }
    }

    @Test
    void aSliceThatComesAfterTheEndIsRefusedAndLeavesNothing() {
        try (Coordinator driver = Coordinator.open()) {
            SnapshotManifest manifest = new SnapshotManifest(driver, EXECUTORS);
            Ticket ticket = driver.ticket();
            save(ticket, 0, 1);
            manifest.close();
            List<Object> answers = cluster.runOnAll(rank -> lateSave(ticket, rank, false));
            assertEquals(
                    Collections.nCopies(
                            EXECUTORS,
                            "snapshot-saved: refused by the driver: version 2 arrived after the end of the job"),
                    answers);
            List<Object> killed = cluster.runOnAll(rank -> lateSave(ticket, rank, true));
            assertEquals(Collections.nCopies(EXECUTORS, "interrupted still"), killed);
            assertEquals(new TreeSet<>(), blocks(manifest.storeId()));
        }
    }

    @Test
    void aTaskThatIsInterruptedWhileItAsksStaysInterrupted() {
        try (Coordinator driver = Coordinator.open()) {
            Ticket ticket = driver.ticket();
            List<Object> kept = cluster.runOnAll(rank -> {
                int times = 0;
                for (int i = 0; i < 20; i++) {
                    Thread.currentThread().interrupt();
                    assertThrows(KVStoreException.class, () -> ticket.ask("no such service"));
                    times += Thread.interrupted() ? 1 : 0;
                }
                return times;
            });
            assertEquals(Collections.nCopies(EXECUTORS, 20), kept);
        }
    }

    private static String lateSave(Ticket ticket, int rank, boolean killed) {
        SnapshotStore store = new SnapshotStore(ticket, 0);
        if (killed) {
            Thread.currentThread().interrupt();
        }
        try {
            store.save(2, rank, out -> out.write(content(2, rank)));
            return "taken";
        } catch (Exception e) { // Scala does not declare the InterruptedException of Spark's calls
            return Thread.interrupted() || e instanceof InterruptedException ? "interrupted still" : e.getMessage();
        }
    }

    @Test
    void theNewestVersionSurvivesTheDeathOfAnExecutor() {
        try (Coordinator driver = Coordinator.open();
                SnapshotManifest manifest = new SnapshotManifest(driver, EXECUTORS)) {
            Ticket ticket = driver.ticket();
            save(ticket, 0, 7);
            assertThrows(
                    Exception.class,
                    () -> cluster.runOnAll(rank -> {
                        if (rank == 0) {
                            Runtime.getRuntime().halt(17);
                        }
                        return null;
                    }));
            assertEquals(OptionalLong.of(7), manifest.newestComplete());
            List<byte[]> slices = new ArrayList<>();
            for (int slice = 0; slice < EXECUTORS; slice++) {
                slices.add(manifest.load(7, slice).toChunks().toByteArray());
                assertArrayEquals(content(7, slice), slices.get(slice));
            }
            // A new attempt on the surviving and the replacing executor finds it too, and goes on.
            List<Object> found = cluster.runOnAll(
                    rank -> new SnapshotStore(ticket, 1).newestComplete().getAsLong());
            assertEquals(List.of(7L, 7L), found);
            save(ticket, 1, 8);
            assertEquals(OptionalLong.of(8), manifest.newestComplete());
            assertTrue(blocks(manifest.storeId()).containsAll(List.of("v8_a1_s0_p0", "v8_a1_s1_p0")));
        }
    }
}
