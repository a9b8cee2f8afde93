package io.kiln.spark.feed;

import io.kiln.ndarray.Memory;
import java.util.ArrayList;
import java.util.List;

/** Packed blocks in memory outside the heap. */
final class NativeBlocks implements BlockStore {
    private final List<Long> addresses = new ArrayList<>();
    private final List<PackedBlock> blocks = new ArrayList<>();

    @Override
    public void add(byte[] block) {
        long address = Memory.allocate(Math.max(1, block.length));
        addresses.add(address);
        Memory.put(block, 0, address, block.length);
        blocks.add(new PackedBlock(address, block.length));
    }

    @Override
    public List<PackedBlock> seal() {
        return blocks;
    }

    @Override
    public void close() {
        addresses.forEach(Memory::free);
        addresses.clear();
        blocks.clear();
    }
}
