package io.kiln.kvstore.transport;

import io.kiln.kvstore.transport.MessageHeader.Kind;
import io.kiln.ndarray.HostView;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import org.apache.spark.network.client.TransportClient;

/**
 * Another rank from this rank's point of view: the connection to it, and the messages in transit in both directions.
 *
 * <p>A message of up to {@value #SMALL} bytes is sent in one piece and copied on both sides. A message of up to
 * {@value #EAGER} bytes is streamed at once; if no receive is posted yet, it is kept in separate memory, of which there
 * are at most {@value #EARLY_LIMIT} bytes. A larger message is streamed when the receiver has reported that its memory
 * is ready, unless both sides have agreed to send at once.
 *
 * <p>Concurrency: all mutable state is guarded by this object's lock. Bytes are written into a receiver's memory under
 * the lock as well, or while the memory is lent to a socket, for whose return {@link #cancel} waits; after that no
 * foreign memory is accessed.
 */
final class Peer {
    static final int SMALL = 32 << 10;
    static final int EAGER = 1 << 20;
    static final long EARLY_LIMIT = 256L << 20;
    private static final int CLEARED_LIMIT = 1 << 16;

    final int rank;
    private final SparkTransport owner;
    private final Map<Long, Incoming> incoming = new HashMap<>();
    private final Map<Long, Outgoing> waiting = new HashMap<>();
    private final Map<Long, Long> cleared = new HashMap<>();
    private TransportClient client;
    private long earlyBytes;
    private int uploads;
    private int lent;
    private boolean cancelled;
    private volatile String address = "address not known yet";
    private volatile boolean greeted;
    private volatile boolean departed;
    private volatile long lastHeard = System.nanoTime();

    /** A message from this peer that is expected, arriving, or both. */
    static final class Incoming {
        final long tag;
        final int check;
        final long bytes;
        Transfer transfer;
        HostView target;
        HostView early;
        long landed;
        int placed;

        Incoming(long tag, int check, long bytes) {
            this.tag = tag;
            this.check = check;
            this.bytes = bytes;
        }
    }

    private record Outgoing(int check, HostView memory, Transfer transfer) {}

    Peer(SparkTransport owner, int rank) {
        this.owner = owner;
        this.rank = rank;
    }

    void address(String hostAndPort) {
        address = hostAndPort;
    }

    String address() {
        return address;
    }

    synchronized void connected(TransportClient c) {
        client = c;
        lastHeard = System.nanoTime();
        c.send(owner.header(Kind.HELLO, rank, 0, 0, 0).encode());
    }

    synchronized TransportClient client() {
        return client;
    }

    long lastHeard() {
        return lastHeard;
    }

    void heard() {
        lastHeard = System.nanoTime();
    }

    /** Whether this rank has a connection from the peer. */
    boolean greeted() {
        return greeted;
    }

    void greet() {
        greeted = true;
    }

    boolean departed() {
        return departed;
    }

    void depart() {
        departed = true;
    }

    void tell(Kind kind) {
        TransportClient c = client();
        if (c != null && c.isActive()) {
            c.send(owner.header(kind, rank, 0, 0, 0).encode());
        }
    }

    // ---- sending

    void send(long tag, int check, HostView from, boolean whenClear, Transfer transfer) {
        long bytes = from.bytes();
        synchronized (this) {
            if (cancelled) {
                return;
            }
            if (whenClear) {
                Long room = cleared.remove(tag);
                if (room == null) {
                    waiting.put(tag, new Outgoing(check, from, transfer));
                    return;
                }
                checkCleared(tag, room, bytes);
            }
            if (bytes > SMALL) {
                upload(tag, check, from, transfer);
                return;
            }
        }
        ByteBuffer message = owner.header(Kind.DATA, rank, tag, check, bytes).encode((int) bytes);
        from.get(0, message.array(), MessageHeader.BYTES, (int) bytes);
        client().send(message.clear());
        transfer.finish();
    }

    synchronized void clear(long tag, long room) {
        Outgoing o = waiting.remove(tag);
        if (o != null) {
            checkCleared(tag, room, o.memory.bytes());
            upload(tag, o.check, o.memory, o.transfer);
        } else if (cleared.size() < CLEARED_LIMIT) {
            cleared.put(tag, room);
        } else {
            throw new IllegalArgumentException(
                    "message: rank %d is ready for more than %d messages".formatted(rank, CLEARED_LIMIT));
        }
    }

    private void checkCleared(long tag, long room, long bytes) {
        if (room != bytes) {
            throw owner.fail(
                    owner.rank(),
                    "send to rank %d, tag %x: it expects %d bytes, got %d to send: the ranks are at different calls"
                            .formatted(rank, tag, room, bytes));
        }
    }

    private void upload(long tag, int check, HostView from, Transfer transfer) {
        if (cancelled) {
            return;
        }
        uploads++;
        ByteBuffer head =
                owner.header(Kind.DATA, rank, tag, check, from.bytes()).encode();
        Upload.send(client, head, NativeView.of(from.address(), Math.toIntExact(from.bytes())), () -> {
            transfer.finish();
            uploaded();
        });
    }

    private synchronized void uploaded() {
        uploads--;
        notifyAll();
    }

    // ---- receiving

    void receive(long tag, int check, HostView to, boolean whenClear, Transfer transfer) {
        long bytes = to.bytes();
        boolean ready = false;
        synchronized (this) {
            if (cancelled) {
                return;
            }
            Incoming m = incoming.get(tag);
            if (m == null) {
                m = new Incoming(tag, check, bytes);
                incoming.put(tag, m);
                ready = whenClear;
            } else if (m.transfer != null) {
                throw new IllegalStateException(
                        "receive: a receive of tag %x from rank %d is already posted".formatted(tag, rank));
            } else {
                checkExpected(m, check, bytes);
            }
            m.transfer = transfer;
            m.target = to;
            if (m.early != null && m.landed == m.bytes) {
                deliverEarly(m);
            }
        }
        if (ready) {
            client().send(owner.header(Kind.CLEAR, rank, tag, check, bytes).encode());
        }
    }

    private void checkExpected(Incoming m, int check, long bytes) {
        if (m.check != check || m.bytes != bytes) {
            throw owner.fail(
                    rank,
                    ("message with tag %x: rank %d expects %d bytes of call %08x, rank %d has %d bytes of call %08x:"
                                    + " the ranks are at different calls; make the same calls in the same order")
                            .formatted(m.tag, owner.rank(), bytes, check, rank, m.bytes, m.check));
        }
    }

    /** A small message has arrived in one piece. */
    synchronized void arrived(MessageHeader h, ByteBuffer payload) {
        Incoming m = begin(h);
        if (m != null) {
            land(m, payload);
            end(m);
        }
    }

    /** A message begins: returns its destination, or null if nothing is accepted any more. */
    synchronized Incoming begin(MessageHeader h) {
        if (cancelled) {
            return null;
        }
        Incoming m = incoming.get(h.tag());
        if (m == null) {
            if (earlyBytes + h.bytes() > EARLY_LIMIT) {
                throw owner.fail(
                        rank,
                        "it sent %d bytes that rank %d does not expect (%d bytes unexpected before, limit %d)"
                                .formatted(h.bytes(), owner.rank(), earlyBytes, EARLY_LIMIT));
            }
            m = new Incoming(h.tag(), h.check(), h.bytes());
            m.early = HostView.allocate(h.bytes());
            earlyBytes += h.bytes();
            incoming.put(h.tag(), m);
        } else if (m.transfer == null || m.landed != 0) {
            throw owner.fail(rank, "it sent the message with tag %x twice".formatted(h.tag()));
        } else if (m.check != h.check() || m.bytes != h.bytes()) {
            checkExpected(new Incoming(h.tag(), h.check(), h.bytes()), m.check, m.bytes);
        }
        return m;
    }

    private static long place(Incoming m) {
        return (m.early != null ? m.early : m.target).address() + m.landed;
    }

    /** Lends the memory for the next bytes of a message to a socket; null if there is none. */
    synchronized ByteBuffer lend(Incoming m, int most) {
        if (cancelled || m.landed == m.bytes) {
            return null;
        }
        lent++;
        return NativeView.of(place(m), (int) Math.min(most, m.bytes - m.landed));
    }

    /** The next bytes of a message, which {@link #land} will receive, are already in place. */
    synchronized void placed(Incoming m, int bytes) {
        m.placed = bytes;
    }

    /** The network layer has passed on what it read into lent memory. */
    synchronized void takeBack() {
        lent--;
        notifyAll();
    }

    /** The next bytes of a message. */
    synchronized void land(Incoming m, ByteBuffer data) {
        heard();
        if (cancelled) {
            return;
        }
        int n = data.remaining();
        if (m.landed + n > m.bytes) {
            throw owner.fail(rank, "it sent more than the %d bytes that it announced".formatted(m.bytes));
        }
        if (m.placed == 0) {
            NativeView.of(place(m), n).put(data);
        } else if (m.placed != n) {
            throw owner.fail(rank, "it sent a stream that ends after %d of %d bytes".formatted(m.landed + n, m.bytes));
        }
        m.placed = 0;
        m.landed += n;
        if (m.early == null) {
            m.transfer.advance(m.landed);
        }
    }

    /** The last byte of a message has arrived. */
    synchronized void end(Incoming m) {
        if (cancelled) {
            return;
        }
        if (m.landed != m.bytes) {
            throw owner.fail(rank, "it sent %d bytes where it announced %d".formatted(m.landed, m.bytes));
        }
        if (m.early == null) {
            incoming.remove(m.tag);
            m.transfer.finish();
        } else if (m.transfer != null) {
            deliverEarly(m);
        }
    }

    private void deliverEarly(Incoming m) {
        incoming.remove(m.tag);
        m.target.copyFrom(m.early);
        m.early.close();
        earlyBytes -= m.bytes;
        m.early = null;
        m.transfer.finish();
    }

    // ---- the end

    /**
     * From now on, writes nothing into foreign memory.
     *
     * @param nanos how long to wait for memory that is lent to a socket
     * @throws IllegalStateException if some is still lent; names this peer
     */
    synchronized void cancel(long nanos) {
        if (!cancelled) {
            cancelled = true;
            waiting.clear();
            cleared.clear();
        }
        awaitReturn(nanos);
        for (Incoming m : incoming.values()) {
            if (m.early != null) {
                m.early.close();
                m.early = null;
            }
        }
        incoming.clear();
    }

    /** Reading what a socket has takes too little time to be interrupted. */
    private void awaitReturn(long nanos) {
        boolean interrupted = false;
        long end = System.nanoTime() + nanos;
        while (lent > 0) {
            long left = end - System.nanoTime();
            if (left <= 0) {
                throw new IllegalStateException(
                        "transport: waited %d ms for memory that is lent to the connection from rank %d (%s): its network thread is blocked"
                                .formatted(nanos / 1_000_000, rank, address));
            }
            try {
                wait(Math.max(1, left / 1_000_000));
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Waits until the network layer reads no foreign memory; the connection must be closed before. */
    synchronized boolean awaitUploads(long nanos) throws InterruptedException {
        long end = System.nanoTime() + nanos;
        while (uploads > 0) {
            long left = end - System.nanoTime();
            if (left <= 0) {
                return false;
            }
            wait(Math.max(1, left / 1_000_000));
        }
        return true;
    }

    synchronized boolean expectsSomething() {
        return incoming.values().stream().anyMatch(m -> m.transfer != null) || !waiting.isEmpty();
    }
}
