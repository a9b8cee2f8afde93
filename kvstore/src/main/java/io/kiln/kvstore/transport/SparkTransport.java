package io.kiln.kvstore.transport;

import io.kiln.kvstore.KVStoreException;
import io.kiln.kvstore.PeerFailedException;
import io.kiln.kvstore.transport.MessageHeader.Kind;
import io.kiln.ndarray.HostView;
import io.netty.channel.Channel;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.spark.network.TransportContext;
import org.apache.spark.network.client.TransportClient;
import org.apache.spark.network.client.TransportClientFactory;
import org.apache.spark.network.server.TransportServer;
import org.apache.spark.network.server.TransportServerBootstrap;
import org.apache.spark.network.util.TransportConf;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A {@link Transport} over Spark's own network layer. Each rank listens on its own port and keeps one connection to
 * every peer, on which it sends; it receives on theirs. Connections use the application's authentication, encryption
 * and TLS, exactly as its blocks do.
 *
 * <p>A peer is dead when its connection closes without a goodbye, or when no byte has arrived from it for
 * {@link TransportOptions#heartbeatTimeout()}. A rank sends the first failure it sees to all others, so that all name
 * the same culprit.
 */
public final class SparkTransport implements Transport, Transfer.Watch {
    private static final Logger LOG = LoggerFactory.getLogger(SparkTransport.class);
    private static final int MAX_REASON_BYTES = 4096;
    private static final long GRACE_MILLIS = 100;
    private static final String CONNECTION_LOST =
            "its connection closed without a goodbye: the process has died or was killed";
    private static final long DRAIN_NANOS = 10_000_000_000L;

    private final GroupId group;
    private final int rank;
    private final String address;
    private final TransportOptions options;
    private final TransportContext context;
    private final TransportServer server;
    private final TransportClientFactory clients;
    private final Peer[] peers;
    private final Map<Channel, Peer> incoming = new ConcurrentHashMap<>();
    private final AtomicReference<PeerFailedException> failure = new AtomicReference<>();
    private final AtomicBoolean told = new AtomicBoolean();
    private final AtomicBoolean closed = new AtomicBoolean();
    private volatile boolean leaving;
    private volatile Peer suspect;
    private final Heartbeat heartbeat;

    private SparkTransport(
            Endpoint endpoint, GroupId group, int rank, int size, TransportOptions options, Rendezvous rendezvous) {
        if (rank < 0 || rank >= size) {
            throw new KVStoreException("transport: rank must be in [0, %d), got %d".formatted(size, rank));
        }
        this.group = group;
        this.rank = rank;
        this.options = options;
        this.heartbeat = new Heartbeat(this, options.heartbeatTimeout());
        this.peers = new Peer[size];
        Arrays.setAll(peers, i -> new Peer(this, i));
        TransportConf tc = endpoint.transportConf();
        this.context = new TransportContext(tc, new WireHandler(this), false, false);
        List<TransportServerBootstrap> bootstraps = new ArrayList<>();
        bootstraps.add(new Newcomers(size));
        bootstraps.addAll(endpoint.serverBootstraps(tc));
        this.server = context.createServer(endpoint.host(), 0, bootstraps);
        this.clients = context.createClientFactory(endpoint.clientBootstraps(tc));
        this.address = endpoint.host() + ":" + server.getPort();
        boolean up = false;
        try {
            connect(rendezvous.meet(group, rank, size, address));
            up = true;
        } finally {
            if (!up) {
                closed.set(true);
                shutDown();
            }
        }
    }

    /**
     * Joins a group: listens, meets the others, connects to them.
     *
     * @param endpoint the Spark application's network settings
     * @param group the group to join
     * @param rank this worker's rank
     * @param size workers in the group
     * @param options deadlines
     * @param rendezvous how addresses are exchanged; not used if size is 1
     * @return a connected transport, to be closed by the caller
     * @throws PeerFailedException if a peer cannot be reached or refuses this one
     */
    public static SparkTransport join(
            Endpoint endpoint, GroupId group, int rank, int size, TransportOptions options, Rendezvous rendezvous) {
        return new SparkTransport(
                endpoint, group, rank, size, options, size == 1 ? (g, r, n, a) -> List.of(a) : rendezvous);
    }

    private void connect(List<String> addresses) {
        if (addresses.size() != peers.length) {
            throw new KVStoreException(
                    "transport: rendezvous must give %d addresses, got %d".formatted(peers.length, addresses.size()));
        }
        for (Peer p : peers) {
            p.address(addresses.get(p.rank));
        }
        for (int k = 1; k < peers.length; k++) {
            Peer p = peers[(rank + k) % peers.length];
            int colon = p.address().lastIndexOf(':');
            try {
                TransportClient c = clients.createClient(
                        p.address().substring(0, colon),
                        Integer.parseInt(p.address().substring(colon + 1)));
                incoming.put(c.getChannel(), p);
                p.connected(c);
                if (k == 1) { // connecting to all peers may take longer than a rank may be silent
                    heartbeat.start(c.getChannel().eventLoop());
                }
            } catch (IOException | RuntimeException e) {
                PeerFailedException lost = new PeerFailedException(
                        p.rank,
                        p.address(),
                        "rank %d (%s) cannot connect to it: %s".formatted(rank, address, e.getMessage()));
                lost.initCause(e);
                throw lost;
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new KVStoreException("transport: interrupted while connecting to rank %d".formatted(p.rank), e);
            }
        }
        if (peers.length > 1) {
            awaitGreetings();
        }
    }

    /** From here on every peer notices if this rank dies. */
    private void awaitGreetings() {
        long end = System.nanoTime() + options.timeout().toNanos();
        while (!others().stream().allMatch(Peer::greeted)) {
            check();
            if (System.nanoTime() > end) {
                throw new KVStoreException("transport: rank %d (%s) waited %d s for connections from ranks %s"
                        .formatted(
                                rank,
                                address,
                                options.timeout().toSeconds(),
                                others().stream()
                                        .filter(p -> !p.greeted())
                                        .map(p -> p.rank)
                                        .toList()));
            }
            pause(5);
        }
    }

    /** Waits for a greeting, a goodbye or the end of a short time; returns false when interrupted. */
    private synchronized boolean pause(long millis) {
        try {
            wait(millis);
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    MessageHeader header(Kind kind, int to, long tag, int check, long bytes) {
        return new MessageHeader(kind, group, rank, to, tag, check, bytes);
    }

    @Override
    public int rank() {
        return rank;
    }

    @Override
    public int size() {
        return peers.length;
    }

    /**
     * Returns the group that this transport connects.
     *
     * @return its id
     */
    public GroupId group() {
        return group;
    }

    /**
     * Returns where this rank listens.
     *
     * @return {@code host:port}
     */
    public String address() {
        return address;
    }

    @Override
    public Transfer send(int to, long tag, int check, HostView memory, Flow flow) {
        Peer p = peer("send", to, memory.bytes());
        Transfer t = new Transfer(this, "send to", to, memory.bytes());
        try {
            p.send(tag, check, memory, needsClearance(memory.bytes(), flow), t);
        } catch (PeerFailedException e) {
            check(); // throws the failure, once no network thread accesses the memory of earlier transfers
            throw e;
        }
        failIfWaitingForDeparted(p);
        return t;
    }

    @Override
    public Transfer receive(int from, long tag, int check, HostView memory, Flow flow) {
        Peer p = peer("receive", from, memory.bytes());
        Transfer t = new Transfer(this, "receive from", from, memory.bytes());
        try {
            p.receive(tag, check, memory, needsClearance(memory.bytes(), flow), t);
        } catch (PeerFailedException e) {
            check();
            throw e;
        }
        failIfWaitingForDeparted(p);
        return t;
    }

    private static boolean needsClearance(long bytes, Flow flow) {
        return flow == Flow.WHEN_CLEAR && bytes > Peer.EAGER;
    }

    private Peer peer(String operation, int other, long bytes) {
        if (other < 0 || other >= peers.length || other == rank) {
            throw new IllegalArgumentException("%s: peer must be another rank in [0, %d), got %d (this is %d)"
                    .formatted(operation, peers.length, other, rank));
        }
        if (bytes > Integer.MAX_VALUE) {
            throw new IllegalArgumentException(
                    "%s: a message has 0 to %d bytes, got %d".formatted(operation, Integer.MAX_VALUE, bytes));
        }
        return peers[other];
    }

    // ---- failure

    @Override
    public void abort(String cause) {
        fail(rank, cause);
        tellAndCancel();
    }

    /** Records a failure; only the first one counts. Takes no lock, so it may be called under a peer's. */
    PeerFailedException fail(int culprit, String reason) {
        PeerFailedException e = new PeerFailedException(culprit, where(culprit), reason);
        if (!closed.get() && failure.compareAndSet(null, e)) {
            LOG.warn("rank {}: group {}: {}", rank, group, e.getMessage());
            Peer any = peers.length > 1 ? peers[(rank + 1) % peers.length] : null;
            TransportClient c = any == null ? null : any.client();
            if (c != null && !c.getChannel().eventLoop().isShuttingDown()) {
                c.getChannel().eventLoop().execute(this::tellAndCancel);
            }
        }
        return failure.get() == null ? e : failure.get();
    }

    private String where(int r) {
        return r == rank || r < 0 || r >= peers.length ? address : peers[r].address();
    }

    /** Tells the others who failed, and releases all foreign memory. */
    private void tellAndCancel() {
        PeerFailedException f = failure.get();
        if (f == null || !told.compareAndSet(false, true)) {
            return;
        }
        byte[] text = f.getMessage().getBytes(StandardCharsets.UTF_8);
        int n = Math.min(text.length, MAX_REASON_BYTES);
        for (Peer p : others()) {
            ByteBuffer m = header(Kind.ABORT, p.rank, f.rank(), 0, n).encode(n);
            m.put(text, 0, n).flip();
            // The connection from the peer carries none of our data, so this gets through even behind a large upload.
            incoming.forEach((channel, from) -> {
                if (from == p && channel != p.client().getChannel()) {
                    WireHandler.sendOn(channel, m.duplicate());
                }
            });
            p.client().send(m.duplicate());
        }
        cancelAll();
    }

    /** Releases all foreign memory; a peer whose memory does not come back does not keep the others from it. */
    private void cancelAll() {
        IllegalStateException stuck = null;
        for (Peer p : others()) {
            try {
                p.cancel(DRAIN_NANOS);
            } catch (IllegalStateException e) {
                stuck = stuck == null ? e : stuck;
            }
            p.client().getChannel().close();
        }
        if (stuck != null) {
            throw stuck;
        }
    }

    /** Whether this transport has been closed or has failed. */
    boolean isOver() {
        return failure.get() != null || closed.get();
    }

    /** The peers to which this rank is connected. */
    List<Peer> others() {
        List<Peer> others = new ArrayList<>();
        for (Peer p : peers) {
            if (p.rank != rank && p.client() != null) {
                others.add(p);
            }
        }
        return others;
    }

    @Override
    public void check() {
        if (failure.get() == null && options.killed().getAsBoolean()) {
            // Spark kills the tasks of a barrier stage when one of them dies: then that one is the culprit.
            Peer lost = suspect;
            if (lost != null && !lost.departed()) {
                fail(lost.rank, CONNECTION_LOST);
            } else {
                fail(rank, "its task was killed");
            }
        }
        PeerFailedException f = failure.get();
        if (f != null) {
            tellAndCancel();
            drain();
            PeerFailedException own = new PeerFailedException(f.rank(), f.host(), reasonOf(f));
            own.initCause(f);
            throw own;
        }
        if (closed.get()) {
            throw new KVStoreException("transport: rank %d has closed it".formatted(rank));
        }
    }

    private static String reasonOf(PeerFailedException f) {
        return f.getMessage().substring(f.getMessage().indexOf("failed: ") + "failed: ".length());
    }

    /** Waits until no network thread accesses foreign memory. */
    private void drain() {
        for (Peer p : others()) {
            p.cancel(DRAIN_NANOS);
            try {
                if (!p.awaitUploads(DRAIN_NANOS)) {
                    throw new IllegalStateException(
                            "transport: the connection to rank %d is closed but still holds memory".formatted(p.rank));
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    @Override
    public long timeoutNanos() {
        return options.timeout().toNanos();
    }

    @Override
    public RuntimeException timedOut(String what, long seconds) {
        fail(
                rank,
                String.format(
                        Locale.ROOT, "waited %d s: %s; raise the timeout if peers compute for so long", seconds, what));
        try {
            check();
        } catch (PeerFailedException e) {
            return e;
        }
        return new KVStoreException("transport: waited %d s: %s".formatted(seconds, what));
    }

    // ---- called by the wire handler, on event loops

    /** Checks that a message belongs here; returns its sender. */
    Peer admit(MessageHeader h, Channel channel) {
        if (!h.group().equals(group)
                || h.to() != rank
                || h.from() < 0
                || h.from() >= peers.length
                || h.from() == rank) {
            throw new IllegalArgumentException(
                    "message: this is rank %d of %d in group %s, got one from rank %d to rank %d in group %s"
                            .formatted(rank, peers.length, group, h.from(), h.to(), h.group()));
        }
        Peer p = peers[h.from()];
        Peer known = incoming.putIfAbsent(channel, p);
        if (known != null && known != p) {
            throw new IllegalArgumentException(
                    "message: the connection of rank %d cannot speak for rank %d".formatted(known.rank, p.rank));
        }
        if (known == null) {
            Newcomers.admit(channel);
        }
        p.heard();
        return p;
    }

    void aborted(MessageHeader h, ByteBuffer reason) {
        int n = reason.remaining();
        if (n > MAX_REASON_BYTES || h.tag() < 0 || h.tag() >= peers.length) {
            throw new IllegalArgumentException(
                    "message: malformed abort of %d bytes for rank %d".formatted(n, h.tag()));
        }
        byte[] text = new byte[n];
        reason.get(text);
        String s = new String(text, StandardCharsets.UTF_8);
        int colon = s.indexOf("failed: ");
        fail((int) h.tag(), colon < 0 ? s : s.substring(colon + "failed: ".length()));
    }

    void disconnected(Channel channel) {
        Peer p = incoming.remove(channel);
        if (p == null || p.departed() || leaving || isOver()) {
            return;
        }
        // If the peer closed because of another rank's failure, its message about that may be on another connection.
        suspect = p;
        channel.eventLoop()
                .schedule(
                        () -> {
                            if (!p.departed() && !leaving) {
                                fail(p.rank, CONNECTION_LOST);
                            }
                        },
                        GRACE_MILLIS,
                        TimeUnit.MILLISECONDS);
    }

    void greeted(Peer p) {
        p.greet();
        synchronized (this) {
            notifyAll();
        }
    }

    void departed(Peer p) {
        p.depart();
        failIfWaitingForDeparted(p);
        synchronized (this) {
            notifyAll();
        }
    }

    /** Everything a peer sent before its goodbye has arrived; nothing more will come. */
    private void failIfWaitingForDeparted(Peer p) {
        if (p.departed() && p.expectsSomething()) {
            fail(p.rank, String.format(Locale.ROOT, "it has left the group while rank %d waits for it", rank));
        }
    }

    // ---- the end

    @Override
    public void close() {
        if (closed.get()) {
            return;
        }
        if (failure.get() == null) {
            leave();
        } else {
            tellAndCancel();
        }
        if (closed.compareAndSet(false, true)) {
            shutDown();
        }
    }

    /**
     * Says goodbye and waits a while for the others' goodbyes, so that no data in flight is lost to a reset connection.
     */
    private void leave() {
        leaving = true;
        for (Peer p : others()) {
            p.tell(Kind.GOODBYE);
        }
        long end = System.nanoTime() + Math.min(options.timeout().toNanos(), 2_000_000_000L);
        boolean awake = true;
        while (awake
                && failure.get() == null
                && !others().stream().allMatch(Peer::departed)
                && !options.killed().getAsBoolean()
                && System.nanoTime() < end) {
            awake = pause(5);
        }
    }

    private void shutDown() {
        heartbeat.stop();
        try {
            cancelAll();
        } finally {
            clients.close();
            server.close();
            context.close();
        }
    }

    @Override
    public String toString() {
        return String.format(
                Locale.ROOT,
                "rank %d of %s",
                rank,
                Arrays.stream(peers).map(Peer::address).toList());
    }
}
