package io.kiln.kvstore;

import io.kiln.ndarray.Memory;
import io.kiln.ndarray.NDArray;
import io.kiln.optim.LossScaler;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * The bytes of one worker's slice: u32 "KSLC", i32 version (2), i32 rank, i32 workers, i64 updates, f64 loss scale, i64 steps
 * since it moved, i32 buckets; per bucket:
 * i64 elements of the owned slice, i32 bytes per element, i32 states; then all arrays' bytes as they lie in memory: per
 * bucket the weights and each state. Numbers are big-endian.
 */
final class SliceCodec {
    private static final int MAGIC = 0x4b534c43;
    private static final int VERSION = 2;
    private static final int HEAD = 44;
    private static final int PER_BUCKET = 16;

    private SliceCodec() {}

    /** Numbers that all workers have alike. */
    record Counters(long updates, LossScaler.State scale) {
        Counters(long updates, LossScaler scaler) {
            this(updates, scaler == null ? new LossScaler.State(1, 0) : scaler.state());
        }
    }

    static byte[] write(int rank, int workers, Counters counters, List<ExchangeBucket> buckets) {
        long length = HEAD + (long) PER_BUCKET * buckets.size();
        for (NDArray a : arrays(buckets)) {
            length += a.size() * a.dtype().bytes();
        }
        if (length > Integer.MAX_VALUE - 8) {
            throw new KVStoreException(
                    "saveSlice: a slice has at most 2 GiB, this one has %d bytes; use more workers".formatted(length));
        }
        byte[] bytes = new byte[(int) length];
        ByteBuffer b = ByteBuffer.wrap(bytes);
        b.putInt(MAGIC)
                .putInt(VERSION)
                .putInt(rank)
                .putInt(workers)
                .putLong(counters.updates)
                .putDouble(counters.scale.scale())
                .putLong(counters.scale.clean())
                .putInt(buckets.size());
        for (ExchangeBucket bucket : buckets) {
            b.putLong(bucket.ownSize()).putInt(bucket.layout().dtype().bytes()).putInt(bucket.states().length);
        }
        int at = b.position();
        for (NDArray a : arrays(buckets)) {
            int n = (int) (a.size() * a.dtype().bytes());
            Memory.get(a.address(), bytes, at, n);
            at += n;
        }
        return bytes;
    }

    /** Reads a slice into the buckets' arrays, if it is one of this very layout; returns the counters. */
    static Counters read(byte[] bytes, int rank, int workers, List<ExchangeBucket> buckets) {
        int head = HEAD + PER_BUCKET * buckets.size();
        if (bytes.length < head) {
            throw new KVStoreException("restoreSlice: needs %d bytes of header, got %d".formatted(head, bytes.length));
        }
        ByteBuffer b = ByteBuffer.wrap(bytes);
        expect("magic", MAGIC, b.getInt());
        expect("version", VERSION, b.getInt());
        expect("rank", rank, b.getInt());
        expect("workers", workers, b.getInt());
        Counters counters = new Counters(b.getLong(), new LossScaler.State(b.getDouble(), b.getLong()));
        expect("buckets", buckets.size(), b.getInt());
        for (ExchangeBucket bucket : buckets) {
            expect("elements of a bucket", bucket.ownSize(), b.getLong());
            expect("bytes per element", bucket.layout().dtype().bytes(), b.getInt());
            expect("states", bucket.states().length, b.getInt());
        }
        long length = head;
        for (NDArray a : arrays(buckets)) {
            length += a.size() * a.dtype().bytes();
        }
        expect("bytes", length, bytes.length);
        int at = head;
        for (NDArray a : arrays(buckets)) {
            int n = (int) (a.size() * a.dtype().bytes());
            Memory.put(bytes, at, a.address(), n);
            a.storage().written();
            at += n;
        }
        return counters;
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
