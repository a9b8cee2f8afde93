package io.kiln.spark.feed;

import java.util.Iterator;

/**
 * A worker's blocks. Blocks that come from the DataFrame directly are each compared with the one packed first; blocks
 * that were shuffled have been compared before they were cut.
 */
final class VerifiedBlocks implements Iterator<byte[]> {
    private final Iterator<byte[]> blocks;
    private final Layout.Check check;
    private boolean ended;

    /**
     * Wraps the blocks of a worker.
     *
     * @param reader how rows were distributed
     * @param rank the worker
     * @param blocks its blocks
     */
    VerifiedBlocks(RowsReader reader, int rank, Iterator<byte[]> blocks) {
        this.blocks = blocks;
        this.check = reader.dealt() ? null : reader.layout().check(rank);
    }

    @Override
    public boolean hasNext() {
        boolean more = blocks.hasNext();
        if (!more && !ended && check != null) {
            ended = true;
            refuse(check.end());
        }
        return more;
    }

    @Override
    public byte[] next() {
        byte[] bytes = blocks.next();
        PackedBlock block = new PackedBlock(bytes);
        refuse(check == null ? block.error() : check.next(block));
        return bytes;
    }

    private static void refuse(String wrong) {
        if (wrong != null) {
            throw new RowsChangedException(wrong);
        }
    }
}
