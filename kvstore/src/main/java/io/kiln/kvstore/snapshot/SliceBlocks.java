package io.kiln.kvstore.snapshot;

import io.kiln.kvstore.KVStoreException;
import java.nio.ByteBuffer;
import java.util.zip.CRC32;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.storage.BlockData;
import org.apache.spark.storage.BlockId;
import org.apache.spark.storage.BlockManager;
import org.apache.spark.storage.BroadcastBlockId;
import org.apache.spark.util.io.ChunkedByteBuffer;
import scala.Option;

/** How slices lie in the block manager. Blocks are write-once: each version and attempt has names of its own. */
final class SliceBlocks {
    private SliceBlocks() {}

    /** What the manifest knows of a slice. */
    record Entry(long version, int attempt, int slice, long bytes, long crc) {
        BlockId block(long storeId) {
            return new BroadcastBlockId(storeId, "v%d_a%d_s%d".formatted(version, attempt, slice));
        }
    }

    static long crc(byte[] bytes) {
        CRC32 crc = new CRC32();
        crc.update(bytes);
        return crc.getValue();
    }

    /** Reads a slice from wherever it lies and checks it against the manifest. */
    static byte[] read(long storeId, Entry e) {
        BlockId id = e.block(storeId);
        byte[] bytes = local(id);
        if (bytes == null) {
            Option<ChunkedByteBuffer> remote = SparkEnv.get().blockManager().getRemoteBytes(id);
            if (remote.isEmpty()) {
                throw new KVStoreException("snapshot: slice %d of version %d (%s) is on no executor any more"
                        .formatted(e.slice, e.version, id));
            }
            bytes = remote.get().toArray();
        }
        if (bytes.length != e.bytes || crc(bytes) != e.crc) {
            throw new KVStoreException(
                    "snapshot: slice %d of version %d must have %d bytes and checksum %08x, got %d and %08x"
                            .formatted(e.slice, e.version, e.bytes, e.crc, bytes.length, crc(bytes)));
        }
        return bytes;
    }

    private static byte[] local(BlockId id) {
        BlockManager bm = SparkEnv.get().blockManager();
        Option<BlockData> data = bm.getLocalBytes(id);
        if (data.isEmpty()) {
            return null;
        }
        try {
            ByteBuffer b = data.get().toByteBuffer();
            byte[] bytes = new byte[b.remaining()];
            b.get(bytes);
            return bytes;
        } finally {
            bm.releaseLock(id, Option.apply(TaskContext.get()));
        }
    }
}
