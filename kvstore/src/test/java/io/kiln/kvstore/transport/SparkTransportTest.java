package io.kiln.kvstore.transport;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.kvstore.PeerFailedException;
import io.kiln.kvstore.Ranks;
import io.kiln.kvstore.transport.Transport.Flow;
import io.kiln.ndarray.HostView;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("core")
@Timeout(120)
class SparkTransportTest {
    private static final TransportOptions OPTIONS = TransportOptions.DEFAULT.withTimeout(Duration.ofSeconds(30));

    private static byte[] bytes(int n, long seed) {
        byte[] b = new byte[n];
        new Random(seed).nextBytes(b);
        return b;
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 13, Peer.SMALL, Peer.SMALL + 1, Peer.EAGER, Peer.EAGER + 1, 5_000_003})
    void aMessageSentBeforeAnyoneWaitsForItArrivesWhole(int n) throws Exception {
        CountDownLatch sent = new CountDownLatch(1);
        Ranks.run(2, t -> {
            HostView x = HostView.allocate(Math.max(1, n));
            try {
                if (t.rank() == 0) {
                    x.put(0, bytes(n, 5), 0, n);
                    Transfer s = t.send(1, 77, 1, x.slice(0, n), Flow.WHEN_CLEAR);
                    sent.countDown();
                    s.await();
                } else {
                    assertTrue(sent.await(30, TimeUnit.SECONDS));
                    t.receive(0, 77, 1, x.slice(0, n), Flow.WHEN_CLEAR).await();
                    byte[] got = new byte[n];
                    x.get(0, got, 0, n);
                    assertArrayEquals(bytes(n, 5), got);
                }
                return null;
            } finally {
                x.close();
            }
        });
    }

    /** The thread that would end the group is busy, so only the caller can do it. */
    @Test
    void nothingIsWrittenAfterAReceiveHasFailed() throws Exception {
        CountDownLatch checked = new CountDownLatch(1);
        Ranks.start(2, new SparkConf(false), OPTIONS, t -> {
                    try (HostView x = HostView.allocate(24)) {
                        if (t.rank() == 1) {
                            t.send(0, 5, 1, x.slice(0, 8), Flow.AT_ONCE).await();
                            t.send(0, 6, 1, x.slice(8, 8), Flow.AT_ONCE).await();
                            assertTrue(checked.await(30, TimeUnit.SECONDS));
                            return null;
                        }
                        try {
                            t.receive(1, 6, 1, x.slice(0, 8), Flow.AT_ONCE).await();
                            t.receive(1, 7, 1, x.slice(8, 8), Flow.AT_ONCE);
                            Peer peer = ((SparkTransport) t).others().get(0);
                            CountDownLatch busy = new CountDownLatch(1);
                            peer.client().getChannel().eventLoop().execute(() -> {
                                try {
                                    busy.await(30, TimeUnit.SECONDS);
                                } catch (InterruptedException e) {
                                    Thread.currentThread().interrupt();
                                }
                            });
                            try {
                                assertThrows(
                                        PeerFailedException.class,
                                        () -> t.receive(1, 5, 2, x.slice(16, 8), Flow.AT_ONCE));
                                MessageHeader late = new MessageHeader(
                                        MessageHeader.Kind.DATA, ((SparkTransport) t).group(), 1, 0, 7, 1, 8);
                                assertNull(peer.begin(late), "the message for the earlier receive is still accepted");
                            } finally {
                                busy.countDown();
                            }
                        } finally {
                            checked.countDown();
                        }
                        return null;
                    }
                })
                .get(0)
                .get();
    }

    @Test
    void messagesAreMatchedByTagInAnyOrder() throws Exception {
        int n = 3_000_000;
        Ranks.run(2, t -> {
            HostView x = HostView.allocate(3L * n);
            try {
                List<Transfer> all = new ArrayList<>();
                for (int i = 0; i < 3; i++) {
                    int at = t.rank() == 0 ? i : 2 - i;
                    if (t.rank() == 0) {
                        x.put((long) at * n, bytes(n, at), 0, n);
                        all.add(t.send(1, at, 0, x.slice((long) at * n, n), Flow.WHEN_CLEAR));
                    } else {
                        all.add(t.receive(0, at, 0, x.slice((long) at * n, n), Flow.WHEN_CLEAR));
                    }
                }
                all.forEach(Transfer::await);
                for (int i = 0; i < 3; i++) {
                    byte[] got = new byte[n];
                    x.get((long) i * n, got, 0, n);
                    assertArrayEquals(bytes(n, i), got);
                }
                return null;
            } finally {
                x.close();
            }
        });
    }

    @ParameterizedTest
    @ValueSource(ints = {10, 100_000, 2_000_000})
    void anUnexpectedLengthFailsBothRanksAndNamesBothLengths(int n) throws Exception {
        List<Future<Object>> ranks = Ranks.start(2, new SparkConf(false), OPTIONS, t -> {
            HostView x = HostView.allocate(n + 1L);
            try {
                (t.rank() == 0
                                ? t.send(1, 1, 0, x.slice(0, n), Flow.WHEN_CLEAR)
                                : t.receive(0, 1, 0, x.slice(0, n + 1L), Flow.WHEN_CLEAR))
                        .await();
                t.receive(1 - t.rank(), 2, 0, x.slice(0, 1), Flow.WHEN_CLEAR).await();
                return null;
            } finally {
                x.close();
            }
        });
        for (Future<Object> f : ranks) {
            Throwable e = assertThrows(ExecutionException.class, f::get).getCause();
            assertTrue(e instanceof PeerFailedException, e.toString());
            assertTrue(e.getMessage().contains("" + n) && e.getMessage().contains("" + (n + 1)), e.getMessage());
        }
    }

    @Test
    void aRankThatGivesUpFailsAllOthersWithItsNameAndReason() throws Exception {
        List<Future<Object>> ranks = Ranks.start(3, new SparkConf(false), OPTIONS, t -> {
            if (t.rank() == 1) {
                throw new IllegalStateException("loss is NaN");
            }
            HostView x = HostView.allocate(100);
            try {
                t.receive(2 - t.rank(), 1, 0, x.slice(0, 100), Flow.WHEN_CLEAR).await();
                return null;
            } finally {
                x.close();
            }
        });
        assertEquals(
                "loss is NaN",
                assertThrows(ExecutionException.class, () -> ranks.get(1).get())
                        .getCause()
                        .getMessage());
        for (int r : new int[] {0, 2}) {
            PeerFailedException e = (PeerFailedException)
                    assertThrows(ExecutionException.class, () -> ranks.get(r).get())
                            .getCause();
            assertEquals(1, e.rank());
            assertTrue(e.getMessage().matches("rank 1 \\(127.0.0.1:\\d+\\) failed: .*loss is NaN"), e.getMessage());
        }
    }

    @Test
    void aKilledTaskLeavesItsWaitAndTellsTheOthers() throws Exception {
        AtomicBoolean killed = new AtomicBoolean();
        TransportOptions options = new TransportOptions(Duration.ofSeconds(60), Duration.ofSeconds(5), killed::get);
        List<Future<Object>> ranks = Ranks.start(2, new SparkConf(false), options, t -> {
            HostView x = HostView.allocate(4);
            try {
                Transfer sent = t.send(1 - t.rank(), 0, 0, x.slice(0, 4), Flow.WHEN_CLEAR);
                t.receive(1 - t.rank(), 0, 0, x.slice(0, 4), Flow.WHEN_CLEAR).await();
                sent.await();
                if (t.rank() == 0) {
                    killed.set(true);
                }
                t.receive(1 - t.rank(), 1, 0, x.slice(0, 4), Flow.WHEN_CLEAR).await();
                return null;
            } finally {
                x.close();
            }
        });
        for (Future<Object> f : ranks) {
            Throwable e = assertThrows(ExecutionException.class, f::get).getCause();
            assertTrue(e.getMessage().contains("its task was killed"), e.toString());
        }
    }

    @Test
    void aWaitEndsAtItsDeadlineAndNamesThePeer() throws Exception {
        List<Future<Object>> ranks =
                Ranks.start(2, new SparkConf(false), OPTIONS.withTimeout(Duration.ofSeconds(1)), t -> {
                    HostView x = HostView.allocate(4);
                    try {
                        t.receive(1 - t.rank(), 1, 0, x.slice(0, 4), Flow.WHEN_CLEAR)
                                .await();
                        return null;
                    } finally {
                        x.close();
                    }
                });
        for (Future<Object> f : ranks) {
            Throwable e = assertThrows(ExecutionException.class, f::get).getCause();
            assertTrue(
                    e.getMessage()
                            .matches("rank . .* failed: waited 1 s: receive from rank ...0 of 4 bytes there; raise.*"),
                    e.getMessage());
        }
    }

    @Test
    void aRankThatLeavesWhileAnotherWaitsForItIsNamed() throws Exception {
        List<Future<Object>> ranks = Ranks.start(2, new SparkConf(false), OPTIONS, t -> {
            HostView x = HostView.allocate(4);
            try {
                if (t.rank() == 0) {
                    t.receive(1, 1, 0, x.slice(0, 4), Flow.WHEN_CLEAR).await();
                }
                return null;
            } finally {
                x.close();
            }
        });
        ranks.get(1).get();
        PeerFailedException e = (PeerFailedException)
                assertThrows(ExecutionException.class, () -> ranks.get(0).get()).getCause();
        assertEquals(1, e.rank());
        assertTrue(e.getMessage().contains("it has left the group"), e.getMessage());
    }

    @Test
    void aPeerThatCannotBeReachedIsNamed() {
        Endpoint endpoint = Ranks.endpoint(new SparkConf(false));
        PeerFailedException e = assertThrows(
                PeerFailedException.class,
                () -> SparkTransport.join(
                        endpoint, GroupId.random(), 0, 2, OPTIONS, (g, r, n, a) -> List.of(a, "127.0.0.1:1")));
        assertTrue(
                e.getMessage().matches("rank 1 \\(127.0.0.1:1\\) failed: rank 0 .* cannot connect to it: .*"),
                e.getMessage());
    }

    @Test
    void aGroupOfOneNeedsNobody() {
        try (SparkTransport t = SparkTransport.join(
                Ranks.endpoint(new SparkConf(false)), GroupId.random(), 0, 1, OPTIONS, Ranks.table(7))) {
            assertEquals(1, t.size());
            t.check();
        }
    }
}
