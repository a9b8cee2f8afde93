package io.kiln.kvstore.collective;

import io.kiln.kvstore.KVStoreException;
import io.kiln.kvstore.transport.Transfer;
import io.kiln.kvstore.transport.Transport;
import io.kiln.kvstore.transport.Transport.Flow;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.HostView;
import java.util.ArrayList;
import java.util.List;

/**
 * Collective operations on host memory. Every rank must make the same calls with the same sizes in the same order; if a
 * call differs, all ranks fail and the message says so.
 *
 * <p>Sums are taken in rank order, ((x₀ + x₁) + x₂) + …, in the element type, by the owner of each slice, and the
 * result is sent to all: equal bits on every rank and in every run.
 *
 * <p>Data goes directly from each rank to each owner, in segments: one segment is added while the next is received and,
 * in an allReduce, while the sum of the previous one is sent back.
 *
 * <p>Concurrency: one thread at a time. Several objects may share a transport if their channels differ.
 */
public final class Collectives implements AutoCloseable {
    /** Arrays whose copies for all peers do not exceed this size are summed by every rank: one trip instead of two. */
    static final long ONE_TRIP_BYTES = 1 << 20;

    private static final long SEGMENT_BYTES = 2 << 20;
    private static final int WINDOW = 4;
    private static final long STEP_BYTES = 256 << 10;
    private static final long PIECE_BYTES = 1 << 28;
    private static final long GATHER = 1 << 23;

    private enum Op {
        ALL_REDUCE,
        REDUCE_SCATTER,
        ALL_GATHER,
        BROADCAST,
        BARRIER,
        ALL_TO_ALL
    }

    private final Transport transport;
    private final int rank;
    private final int size;
    private final long channel;
    private final RankOrderSum adder = new RankOrderSum();
    private long sequence;
    private HostView staging;

    /**
     * Creates the operations of one user of a transport.
     *
     * @param transport the group, not closed by this object
     * @param channel 0 to 127; distinguishes users of one transport, the same on all ranks
     */
    public Collectives(Transport transport, int channel) {
        if (channel < 0 || channel > 127) {
            throw new IllegalArgumentException("collectives: channel must be in [0, 127], got " + channel);
        }
        this.transport = transport;
        this.rank = transport.rank();
        this.size = transport.size();
        this.channel = (long) channel << 56;
    }

    /**
     * Sums an array over all ranks; every rank gets the sum.
     *
     * @param type FLOAT32, FLOAT64 or INT64
     * @param array its elements, summed in place
     * @param purpose any number that identifies the purpose, the same on all ranks; a difference is reported
     */
    public void allReduce(DType type, HostView array, int purpose) {
        RankOrderSum.checkSummable("allReduce", type);
        long bytes = array.bytes();
        long count = bytes / type.bytes();
        Call call = new Call(Op.ALL_REDUCE, type, count, purpose);
        if (size == 1) {
            return;
        }
        if (size < Slices.MANY_RANKS && bytes * (size - 1) <= ONE_TRIP_BYTES) {
            reduceInOneTrip(call, type, array);
        } else {
            reduce(call, type, array, Slices.forMessages(count, size, 0), true);
        }
    }

    /**
     * Sums an array over all ranks; each rank gets the sum of its own slice only. The rest of the array does not
     * change.
     *
     * @param type FLOAT32, FLOAT64 or INT64
     * @param array its elements
     * @param slices the owners
     * @param purpose any number that identifies the purpose, the same on all ranks
     */
    public void reduceScatter(DType type, HostView array, Slices slices, int purpose) {
        RankOrderSum.checkSummable("reduceScatter", type);
        checkRanks("reduceScatter", slices);
        Call call = new Call(Op.REDUCE_SCATTER, type, slices.count(), purpose + 31 * slices.hashCode());
        if (size > 1) {
            reduce(call, type, array, slices, false);
        }
    }

    /**
     * Sends the slices of all ranks to every rank.
     *
     * @param type the element type; any
     * @param array its elements; this rank's slice is sent, the others are written
     * @param slices the owners
     * @param purpose any number that identifies the purpose, the same on all ranks
     */
    public void allGather(DType type, HostView array, Slices slices, int purpose) {
        checkRanks("allGather", slices);
        Call call = new Call(Op.ALL_GATHER, type, slices.count(), purpose + 31 * slices.hashCode());
        if (size == 1) {
            return;
        }
        List<Transfer> transfers = new ArrayList<>();
        int width = type.bytes();
        for (int k = 1; k < size; k++) {
            int p = (rank + k) % size;
            HostView theirs = slice(array, slices, p, width);
            pieces(
                    theirs.bytes(),
                    (i, from, n) -> transfers.add(call.receive(p, i, theirs.slice(from, n), Flow.WHEN_CLEAR)));
        }
        for (int k = 1; k < size; k++) {
            int p = (rank + k) % size;
            HostView mine = slice(array, slices, rank, width);
            pieces(mine.bytes(), (i, from, n) -> transfers.add(call.send(p, i, mine.slice(from, n), Flow.WHEN_CLEAR)));
        }
        transfers.forEach(Transfer::await);
    }

    /**
     * Sends the memory of one rank to all others.
     *
     * @param root the rank that sends
     * @param memory the source (root) or the destination (the others), of the same length
     * @param purpose any number that identifies the purpose, the same on all ranks
     */
    public void broadcast(int root, HostView memory, int purpose) {
        long bytes = memory.bytes();
        if (root < 0 || root >= size) {
            throw new KVStoreException("broadcast: root must be in [0, %d), got %d".formatted(size, root));
        }
        Call call = new Call(Op.BROADCAST, DType.UINT8, bytes, purpose + root);
        List<Transfer> transfers = new ArrayList<>();
        if (rank != root) {
            pieces(bytes, (i, from, n) -> transfers.add(call.receive(root, i, memory.slice(from, n), Flow.WHEN_CLEAR)));
        } else {
            for (int k = 1; k < size; k++) {
                int p = (rank + k) % size;
                pieces(bytes, (i, from, n) -> transfers.add(call.send(p, i, memory.slice(from, n), Flow.WHEN_CLEAR)));
            }
        }
        transfers.forEach(Transfer::await);
    }

    /**
     * Sends memory of its own to each rank. Both sides know the length of each message, 0 or more.
     *
     * @param to what each rank gets; this rank's own is ignored
     * @param from where what each rank sends is written; this rank's own is ignored
     * @param purpose any number that identifies the purpose, the same on all ranks
     */
    public void allToAll(List<HostView> to, List<HostView> from, int purpose) {
        if (to.size() != size || from.size() != size) {
            throw new KVStoreException("allToAll: needs memory for each of %d ranks, got %d to send and %d to receive"
                    .formatted(size, to.size(), from.size()));
        }
        Call call = new Call(Op.ALL_TO_ALL, DType.UINT8, 0, purpose);
        List<Transfer> transfers = new ArrayList<>();
        for (int k = 1; k < size; k++) {
            int p = (rank + k) % size;
            HostView theirs = from.get(p);
            pieces(
                    theirs.bytes(),
                    (i, at, n) -> transfers.add(call.receive(p, i, theirs.slice(at, n), Flow.WHEN_CLEAR)));
        }
        for (int k = 1; k < size; k++) {
            int p = (rank + k) % size;
            HostView mine = to.get(p);
            pieces(mine.bytes(), (i, at, n) -> transfers.add(call.send(p, i, mine.slice(at, n), Flow.WHEN_CLEAR)));
        }
        transfers.forEach(Transfer::await);
    }

    /** Waits until all ranks have called it. */
    public void barrier() {
        Call call = new Call(Op.BARRIER, DType.UINT8, 0, 0);
        List<Transfer> transfers = new ArrayList<>();
        try (HostView nothing = HostView.allocate(0)) {
            for (int p = 0; p < size; p++) {
                if (p != rank) {
                    transfers.add(call.receive(p, 0, nothing, Flow.AT_ONCE));
                    transfers.add(call.send(p, 0, nothing, Flow.AT_ONCE));
                }
            }
            transfers.forEach(Transfer::await);
        }
    }

    private void checkRanks(String operation, Slices slices) {
        if (slices.ranks() != size) {
            throw new KVStoreException(
                    "%s: slices must be for %d ranks, got %d".formatted(operation, size, slices.ranks()));
        }
    }

    // ---- sums

    private static HostView slice(HostView array, Slices slices, int rank, int width) {
        return array.slice(slices.start(rank) * width, slices.length(rank) * width);
    }

    private void reduceInOneTrip(Call call, DType type, HostView array) {
        long bytes = array.bytes();
        HostView stage = stage(bytes * (size - 1));
        HostView[] terms = new HostView[size];
        Transfer[] arrivals = new Transfer[size];
        List<Transfer> sends = new ArrayList<>();
        for (int p = 0, at = 0; p < size; p++) {
            terms[p] = p == rank ? array : stage.slice(bytes * at++, bytes);
        }
        for (int k = 1; k < size; k++) {
            int p = (rank + k) % size;
            arrivals[p] = call.receive(p, 0, terms[p], Flow.AT_ONCE);
        }
        for (int k = 1; k < size; k++) {
            sends.add(call.send((rank + k) % size, 0, array, Flow.AT_ONCE));
        }
        // The sum overwrites the memory that is being sent.
        sends.forEach(Transfer::await);
        sumAsItComes(type, new Segment(array, terms, arrivals));
    }

    /**
     * One segment of this rank's slice: the memory for its sum, the memory for the others' terms, and their transfers.
     */
    private record Segment(HostView sum, HostView[] terms, Transfer[] arrivals) {}

    private void reduce(Call call, DType type, HostView array, Slices slices, boolean gather) {
        int width = type.bytes();
        HostView mine = slice(array, slices, rank, width);
        long bytes = mine.bytes();
        int segments = Math.toIntExact((bytes + SEGMENT_BYTES - 1) / SEGMENT_BYTES);
        int window = Math.min(WINDOW, segments);
        HostView stage = stage(Math.min(bytes, SEGMENT_BYTES) * window * (size - 1));
        Segment[] posted = new Segment[segments];
        List<Transfer> rest = new ArrayList<>();
        for (int s = 0; s < window; s++) {
            posted[s] = post(call, s, mine, stage, window);
        }
        for (int k = 1; k < size; k++) {
            int p = (rank + k) % size;
            HostView theirs = slice(array, slices, p, width);
            segments(theirs.bytes(), (i, from, n) -> {
                if (gather) {
                    // Their sum arrives only after they have received our term of it: by then this memory has been read
                    // and this receive is posted.
                    rest.add(call.receive(p, GATHER + i, theirs.slice(from, n), Flow.AT_ONCE));
                }
                rest.add(call.send(p, i, theirs.slice(from, n), flow(i)));
            });
        }
        for (int s = 0; s < segments; s++) {
            Segment g = posted[s];
            sumAsItComes(type, g);
            posted[s] = null;
            if (s + window < segments) {
                posted[s + window] = post(call, s + window, mine, stage, window);
            }
            for (int k = 1; gather && k < size; k++) {
                rest.add(call.send((rank + k) % size, GATHER + s, g.sum, Flow.AT_ONCE));
            }
        }
        rest.forEach(Transfer::await);
    }

    private Segment post(Call call, int s, HostView mine, HostView stage, int window) {
        long bytes = mine.bytes();
        long offset = s * SEGMENT_BYTES;
        long n = Math.min(SEGMENT_BYTES, bytes - offset);
        HostView sum = mine.slice(offset, n);
        HostView[] terms = new HostView[size];
        Transfer[] arrivals = new Transfer[size];
        int slot = s % window * (size - 1);
        long stride = Math.min(bytes, SEGMENT_BYTES);
        for (int p = 0; p < size; p++) {
            terms[p] = p == rank ? sum : stage.slice(stride * slot++, n);
        }
        for (int k = 1; k < size; k++) {
            int p = (rank + k) % size;
            arrivals[p] = call.receive(p, s, terms[p], flow(s));
        }
        return new Segment(sum, terms, arrivals);
    }

    /** Every owner begins with a window of segments; it has to make room before it receives others. */
    private static Flow flow(long segment) {
        return segment < WINDOW ? Flow.AT_ONCE : Flow.WHEN_CLEAR;
    }

    private void sumAsItComes(DType type, Segment g) {
        long bytes = g.sum.bytes();
        for (long at = 0; at < bytes; at += STEP_BYTES) {
            long n = Math.min(STEP_BYTES, bytes - at);
            for (Transfer t : g.arrivals) {
                if (t != null) {
                    t.await(at + n);
                }
            }
            adder.sum(type, g.terms, g.sum, at, n);
        }
        for (Transfer t : g.arrivals) {
            if (t != null) {
                t.await();
            }
        }
    }

    private HostView stage(long bytes) {
        if (staging == null || bytes > staging.bytes()) {
            close();
            staging = HostView.allocate(bytes);
        }
        return staging;
    }

    /** Frees the memory in which terms of sums are received. The object remains usable. */
    @Override
    public void close() {
        if (staging != null) {
            staging.close();
            staging = null;
        }
    }

    // ---- messages

    private interface Part {
        void go(long index, long from, long bytes);
    }

    private static void segments(long bytes, Part part) {
        split(bytes, SEGMENT_BYTES, part);
    }

    private static void pieces(long bytes, Part part) {
        split(bytes, PIECE_BYTES, part);
    }

    private static void split(long bytes, long unit, Part part) {
        for (long at = 0, i = 0; at < bytes; at += unit, i++) {
            part.go(i, at, Math.min(unit, bytes - at));
        }
    }

    /** One collective call: its number names its messages, and its kind is checked. */
    private final class Call {
        private final long tag;
        private final int check;

        Call(Op op, DType type, long count, int purpose) {
            this.tag = channel | (sequence++ & 0xffff_ffffL) << 24;
            this.check = ((op.ordinal() * 31 + type.ordinal()) * 31 + Long.hashCode(count)) * 31 + purpose;
        }

        Transfer send(int to, long part, HostView memory, Flow flow) {
            return transport.send(to, tag + part, check, memory, flow);
        }

        Transfer receive(int from, long part, HostView memory, Flow flow) {
            return transport.receive(from, tag + part, check, memory, flow);
        }
    }
}
