package io.kiln.kvstore.snapshot;

import io.kiln.kvstore.KVStoreException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.storage.BlockData;
import org.apache.spark.storage.BlockId;
import org.apache.spark.storage.BlockManager;
import org.apache.spark.storage.BroadcastBlockId;
import org.apache.spark.util.io.ChunkedByteBuffer;
import scala.Option;

/**
 * How slices are stored in the block manager: in parts of one block each, so that no array holds a whole slice. Blocks
 * are write-once: each version and attempt uses its own names.
 */
final class SliceBlocks {
    private SliceBlocks() {}

    /** A block of a slice. */
    record Part(int bytes, int crc) {
        static Part of(byte[] content) {
            return new Part(content.length, SliceBlocks.crc(content));
        }
    }

    /** The manifest's entry for a slice. */
    record Entry(long version, int attempt, int slice, List<Part> parts) {
        static String name(long version, int attempt, int slice, int part) {
            return "v" + version + "_a" + attempt + "_s" + slice + "_p" + part;
        }

        /** Names of its blocks. */
        List<String> names() {
            List<String> names = new ArrayList<>();
            for (int p = 0; p < parts.size(); p++) {
                names.add(name(version, attempt, slice, p));
            }
            return names;
        }

        long bytes() {
            return parts.stream().mapToLong(Part::bytes).sum();
        }

        /** Encodes the parts as words of a message. */
        String[] words() {
            return parts.stream()
                    .flatMap(p -> Stream.of(Integer.toString(p.bytes), Integer.toString(p.crc)))
                    .toArray(String[]::new);
        }

        /** Decodes the parts from words of a message. */
        static List<Part> parts(String[] words, int from) {
            List<Part> parts = new ArrayList<>();
            for (int i = from; i + 1 < words.length; i += 2) {
                parts.add(new Part(Integer.parseInt(words[i]), Integer.parseInt(words[i + 1])));
            }
            return parts;
        }
    }

    static BlockId block(long storeId, String name) {
        return new BroadcastBlockId(storeId, name);
    }

    private static int crc(byte[] bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes);
        return (int) crc.getValue();
    }

    /** Reads a part of a slice from any executor that has it and checks it against the manifest. */
    static byte[] read(long storeId, Entry e, int part) {
        BlockId id = block(storeId, Entry.name(e.version, e.attempt, e.slice, part));
        byte[] bytes = local(id);
        if (bytes == null) {
            Option<ChunkedByteBuffer> remote = SparkEnv.get().blockManager().getRemoteBytes(id);
            if (remote.isEmpty()) {
                throw new KVStoreException("snapshot: slice %d of version %d (%s) is on no executor any more"
                        .formatted(e.slice, e.version, id));
            }
            bytes = remote.get().toArray();
        }
        Part expected = e.parts.get(part);
        if (!Part.of(bytes).equals(expected)) {
            throw new KVStoreException(
                    "snapshot: part %d of slice %d of version %d must have %d bytes and checksum %08x, got %d and %08x"
                            .formatted(
                                    part, e.slice, e.version, expected.bytes, expected.crc, bytes.length, crc(bytes)));
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
