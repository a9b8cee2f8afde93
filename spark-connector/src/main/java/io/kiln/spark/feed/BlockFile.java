package io.kiln.spark.feed;

import io.kiln.ndarray.HostView;
import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.SparkEnv;
import org.apache.spark.storage.StorageUtils;

/**
 * Packed blocks in a memory-mapped file in one of Spark's local directories: the operating system caches it while
 * memory is free, and reclaims that memory when others need it. The file is unlinked from the start, so nothing is left
 * when the process dies.
 */
final class BlockFile implements BlockStore {
    private static final long MAX_MAPPING = 1L << 30;

    private final File file;
    private final FileChannel channel;
    private final List<Integer> lengths = new ArrayList<>();
    private final List<MappedByteBuffer> mappings = new ArrayList<>();

    BlockFile() throws IOException {
        file = SparkEnv.get()
                .blockManager()
                .diskBlockManager()
                .createTempLocalBlock()
                ._2();
        channel = FileChannel.open(
                file.toPath(), StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE);
        Files.delete(file.toPath());
    }

    @Override
    public void add(byte[] block) throws IOException {
        try {
            ByteBuffer from = ByteBuffer.wrap(block);
            while (from.hasRemaining()) {
                channel.write(from);
            }
            lengths.add(block.length);
        } catch (IOException e) {
            throw new IOException(
                    "cannot write packed rows to a file in %s after %d MiB: %s; free some space, or set spark.local.dir to another disk"
                            .formatted(file.getParent(), channel.isOpen() ? channel.size() >> 20 : 0, e.getMessage()),
                    e);
        }
    }

    @Override
    public List<PackedBlock> seal() throws IOException {
        List<PackedBlock> blocks = new ArrayList<>();
        long at = 0;
        for (int first = 0; first < lengths.size(); ) {
            long bytes = lengths.get(first);
            int end = first + 1;
            while (end < lengths.size() && bytes + lengths.get(end) <= MAX_MAPPING) {
                bytes += lengths.get(end++);
            }
            MappedByteBuffer mapping = channel.map(FileChannel.MapMode.READ_ONLY, at, bytes);
            mappings.add(mapping);
            long address = HostView.of(mapping).address();
            for (; first < end; first++) {
                blocks.add(new PackedBlock(address, lengths.get(first)));
                address += lengths.get(first);
            }
            at += bytes;
        }
        channel.close();
        return blocks;
    }

    @Override
    public void close() {
        mappings.forEach(StorageUtils::dispose);
        mappings.clear();
        try {
            channel.close();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
