package io.kiln.spark.feed;

import io.kiln.ndarray.HostView;
import java.util.ArrayList;
import java.util.List;

/** Packed blocks in off-heap memory. */
final class NativeBlocks implements BlockStore {
    private final List<HostView> memory = new ArrayList<>();
    private final List<PackedBlock> blocks = new ArrayList<>();

    @Override
    public void add(byte[] block) {
        HostView copy = HostView.allocate(block.length);
        memory.add(copy);
        copy.put(0, block, 0, block.length);
        blocks.add(new PackedBlock(copy.address(), block.length));
    }

    @Override
    public List<PackedBlock> seal() {
        return blocks;
    }

    @Override
    public void close() {
        memory.forEach(HostView::close);
        memory.clear();
        blocks.clear();
    }
}
