package io.kiln.kvstore;

import io.kiln.kvstore.collective.Collectives;
import io.kiln.kvstore.collective.Slices;
import io.kiln.kvstore.transport.Transport;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.HostView;
import io.kiln.ndarray.InPlace;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.RowSparse;
import io.kiln.ndarray.Scope;
import io.kiln.op.Dispatch;
import io.kiln.op.index.Gather;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Sends row-sparse gradients to the owners of the rows, and the new rows to all. How many rows each rank sends to each is
 * exchanged first. Owners add in rank order.
 *
 * <p>Concurrency: the training thread.
 */
final class RowExchange implements AutoCloseable {
    private static final int CHANNEL = 5;
    private static final int COUNTS = 4;
    private static final int GRADIENTS = 5;
    private static final int WEIGHTS = 6;

    private final int rank;
    private final int size;
    private final Collectives collectives;
    private final List<RowTable> tables;

    RowExchange(Transport transport, List<RowTable> tables) {
        this.rank = transport.rank();
        this.size = transport.size();
        this.collectives = new Collectives(transport, CHANNEL);
        this.tables = tables;
    }

    /** Distributes rank 0's weights to all workers. */
    void shareWeights() {
        for (int i = 0; i < tables.size(); i++) {
            try (HostView weights = tables.get(i).weight().update()) {
                collectives.broadcast(0, weights, i);
            }
        }
    }

    /** Gives each table the sum of the gradients, times the ranks' factors, of the rows that this rank owns. */
    void reduce(double factor) {
        for (RowTable t : tables) {
            try (Scope scope = Scope.open()) {
                swap(
                        t,
                        outgoing(t, factor),
                        GRADIENTS,
                        all -> t.sum(RowSparse.of(
                                        t.weight().shape(), RowMessage.numbers(t, all), RowMessage.elements(t, all))
                                .detach()));
            }
        }
    }

    private List<RowMessage> outgoing(RowTable t, double factor) {
        List<RowMessage> each = new ArrayList<>();
        RowSparse g = t.gradient();
        if (g == null) {
            for (int p = 0; p < size; p++) {
                each.add(new RowMessage(t, 0));
            }
            return each;
        }
        long[] numbers = g.indices().toLongArray();
        boolean all = false;
        try (HostView rows =
                rowMajor(factor == 1 ? g.rows() : g.rows().mul(factor)).read()) {
            for (int p = 0; p < size; p++) {
                each.add(RowMessage.of(t, numbers, rows, p));
            }
            all = true;
            return each;
        } finally {
            if (!all) {
                each.forEach(RowMessage::close);
            }
        }
    }

    private static NDArray rowMajor(NDArray x) {
        return x.isContiguous() ? x : x.copy();
    }

    /** Sends the rows that this rank has updated to all ranks. */
    void gather() {
        for (RowTable t : tables) {
            try (Scope scope = Scope.open()) {
                share(t, t.sum().indices());
            }
        }
    }

    /** Sends the rows that each rank owns to all ranks, in parts. */
    void shareOwned() {
        for (RowTable t : tables) {
            for (int from = 0; from < t.ownedRows(0); from += RowTable.PART) {
                try (Scope scope = Scope.open()) {
                    share(t, t.owned(from));
                }
            }
        }
    }

    private void share(RowTable t, NDArray numbers) {
        NDArray rows = Dispatch.withoutGradient(new Gather(0), t.weight(), numbers);
        RowMessage mine;
        try (HostView all = rowMajor(rows).read()) {
            mine = RowMessage.of(t, numbers.toLongArray(), all, -1);
        }
        swap(t, Collections.nCopies(size, mine), WEIGHTS, all -> {
            List<RowMessage> theirs = new ArrayList<>(all);
            theirs.remove(rank);
            NDArray arrived = RowMessage.numbers(t, theirs);
            if (arrived.size() > 0) {
                InPlace.putRows(t.weight(), arrived, RowMessage.elements(t, theirs));
            }
        });
    }

    /** Sends a message to each rank and takes what each has sent to this one, in rank order; frees all of them. */
    private void swap(RowTable t, List<RowMessage> to, int purpose, Consumer<List<RowMessage>> taker) {
        Set<RowMessage> own = Collections.newSetFromMap(new IdentityHashMap<>());
        own.addAll(to);
        List<RowMessage> from = new ArrayList<>();
        try {
            long[] counts = counts(to);
            for (int p = 0; p < size; p++) {
                long n = counts[p * size + rank];
                int most = purpose == GRADIENTS ? t.ownedRows() : t.ownedRows(p);
                if (n < 0 || n > most) {
                    throw new KVStoreException("rows of %s: rank %d announces %d, at most %d are possible"
                            .formatted(t.name(), p, n, most));
                }
                from.add(p == rank ? to.get(rank) : new RowMessage(t, n));
            }
            collectives.allToAll(memory(to), memory(from), purpose);
            taker.accept(from);
        } finally {
            own.addAll(from);
            own.forEach(RowMessage::close);
        }
    }

    private static List<HostView> memory(List<RowMessage> messages) {
        return messages.stream().map(RowMessage::memory).toList();
    }

    /** How many rows each rank sends to each: entry p·size + q from rank p to rank q. */
    private long[] counts(List<RowMessage> to) {
        long[] counts = new long[size * size];
        for (int p = 0; p < size; p++) {
            counts[rank * size + p] = to.get(p).rows();
        }
        long[] bounds = new long[size + 1];
        Arrays.setAll(bounds, p -> (long) p * size);
        try (HostView cells = HostView.allocate((long) Long.BYTES * counts.length)) {
            cells.put(0, counts, 0, counts.length);
            collectives.allGather(DType.INT64, cells, Slices.of(bounds), COUNTS);
            cells.get(0, counts, 0, counts.length);
        }
        return counts;
    }

    @Override
    public void close() {
        collectives.close();
    }
}
