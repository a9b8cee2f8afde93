package io.kiln.kvstore;

import io.kiln.ndarray.HostView;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.optim.LossScaler;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;

/**
 * The bytes of one worker's slice: u32 "KSLC", i32 version (2; 3 with tables), i32 rank, i32 workers, i64 updates, f64 loss scale, i64
 * steps since it moved, i32 buckets; per bucket: i64 elements of the owned slice, i32 bytes per element, i32 states;
 * with tables: i32 tables; per table: i64 owned rows, i64 bytes of a row, i32 states; then all arrays' bytes in their memory
 * order: per bucket the weights and each state, per table the owned rows and each state. Numbers are big-endian.
 */
final class SliceCodec {
    private static final int MAGIC = 0x4b534c43;
    private static final int VERSION = 2;
    private static final int VERSION_WITH_TABLES = 3;
    private static final int HEAD = 44;
    private static final int PER_BUCKET = 16;
    private static final int PER_TABLE = 20;
    private static final int PART = 1 << 18;

    private SliceCodec() {}

    /** The counters, which are the same on all workers. */
    record Counters(long updates, LossScaler.State scale) {
        Counters(long updates, LossScaler scaler) {
            this(updates, scaler == null ? new LossScaler.State(1, 0) : scaler.state());
        }
    }

    private static int version(List<RowTable> tables) {
        return tables.isEmpty() ? VERSION : VERSION_WITH_TABLES;
    }

    static long length(List<ExchangeBucket> buckets, List<RowTable> tables) {
        long length = HEAD + (long) PER_BUCKET * buckets.size();
        for (NDArray a : arrays(buckets)) {
            length += a.size() * a.dtype().bytes();
        }
        length += tables.isEmpty() ? 0 : Integer.BYTES + (long) PER_TABLE * tables.size();
        for (RowTable t : tables) {
            length += t.ownedRows() * t.rowBytes() * (1 + t.states().length);
        }
        return length;
    }

    static void write(
            OutputStream to,
            int rank,
            int workers,
            Counters counters,
            List<ExchangeBucket> buckets,
            List<RowTable> tables)
            throws IOException {
        DataOutputStream out = new DataOutputStream(to);
        out.writeInt(MAGIC);
        out.writeInt(version(tables));
        out.writeInt(rank);
        out.writeInt(workers);
        out.writeLong(counters.updates);
        out.writeDouble(counters.scale.scale());
        out.writeLong(counters.scale.clean());
        out.writeInt(buckets.size());
        for (ExchangeBucket bucket : buckets) {
            out.writeLong(bucket.ownSize());
            out.writeInt(bucket.layout().dtype().bytes());
            out.writeInt(bucket.states().length);
        }
        if (!tables.isEmpty()) {
            out.writeInt(tables.size());
        }
        for (RowTable t : tables) {
            out.writeLong(t.ownedRows());
            out.writeLong(t.rowBytes());
            out.writeInt(t.states().length);
        }
        byte[] part = new byte[PART];
        for (NDArray a : arrays(buckets)) {
            write(out, a, part);
        }
        for (RowTable t : tables) {
            for (int from = 0; from < t.ownedRows(); from += RowTable.PART) {
                try (Scope scope = Scope.open()) {
                    write(out, t.ownedWeights(from), part);
                }
            }
            for (NDArray state : t.states()) {
                write(out, state, part);
            }
        }
        out.flush();
    }

    private static void write(OutputStream out, NDArray a, byte[] part) throws IOException {
        try (HostView host = a.read()) {
            for (long at = 0; at < host.bytes(); at += part.length) {
                int n = (int) Math.min(part.length, host.bytes() - at);
                host.get(at, part, 0, n);
                out.write(part, 0, n);
            }
        }
    }

    /** Reads a slice into the buckets' arrays if its layout is exactly theirs; returns the counters. */
    static Counters read(InputStream from, int rank, int workers, List<ExchangeBucket> buckets, List<RowTable> tables)
            throws IOException {
        DataInputStream in = new DataInputStream(from);
        expect("magic", MAGIC, in.readInt());
        expect("version", version(tables), in.readInt());
        expect("rank", rank, in.readInt());
        expect("workers", workers, in.readInt());
        Counters counters = new Counters(in.readLong(), new LossScaler.State(in.readDouble(), in.readLong()));
        expect("buckets", buckets.size(), in.readInt());
        for (ExchangeBucket bucket : buckets) {
            expect("elements of a bucket", bucket.ownSize(), in.readLong());
            expect("bytes per element", bucket.layout().dtype().bytes(), in.readInt());
            expect("states", bucket.states().length, in.readInt());
        }
        if (!tables.isEmpty()) {
            expect("tables", tables.size(), in.readInt());
        }
        for (RowTable t : tables) {
            expect("rows of " + t.name(), t.ownedRows(), in.readLong());
            expect("bytes of a row of " + t.name(), t.rowBytes(), in.readLong());
            expect("states of " + t.name(), t.states().length, in.readInt());
        }
        byte[] part = new byte[PART];
        for (NDArray a : arrays(buckets)) {
            read(in, a, part);
        }
        for (RowTable t : tables) {
            for (int row = 0; row < t.ownedRows(); row += RowTable.PART) {
                try (Scope scope = Scope.open()) {
                    NDArray rows = t.ownedWeights(row);
                    read(in, rows, part);
                    t.putOwnedWeights(row, rows);
                }
            }
            for (NDArray state : t.states()) {
                read(in, state, part);
            }
        }
        return counters;
    }

    private static void read(DataInputStream in, NDArray a, byte[] part) throws IOException {
        try (HostView host = a.write()) {
            for (long at = 0; at < host.bytes(); at += part.length) {
                int n = (int) Math.min(part.length, host.bytes() - at);
                in.readFully(part, 0, n);
                host.put(at, part, 0, n);
            }
        }
    }

    private static void expect(String what, long expected, long got) {
        if (got != expected) {
            throw new KVStoreException("restoreSlice: %s must be %d, got %d: the slice is of another training"
                    .formatted(what, expected, got));
        }
    }

    private static List<NDArray> arrays(List<ExchangeBucket> buckets) {
        List<NDArray> all = new ArrayList<>();
        for (ExchangeBucket b : buckets) {
            all.add(b.ownWeights());
            all.addAll(List.of(b.states()));
        }
        return all;
    }
}
