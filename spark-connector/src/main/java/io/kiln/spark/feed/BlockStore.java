package io.kiln.spark.feed;

import java.io.IOException;
import java.util.List;
import org.apache.spark.SparkEnv;
import org.apache.spark.internal.config.package$;

/**
 * Where a worker keeps packed blocks that Spark does not hold as objects in this JVM.
 *
 * <p>Life cycle: {@link #add} each block, {@link #seal} once, {@link #close} when no thread reads the blocks any more.
 *
 * <p>Concurrency: filled and closed by one thread; sealed blocks may be read by any thread.
 */
interface BlockStore extends AutoCloseable {
    /** Copies a block. */
    void add(byte[] block) throws IOException;

    /** The blocks in the order in which they were added. */
    List<PackedBlock> seal() throws IOException;

    /** Frees the blocks: they must no longer be read. */
    @Override
    void close();

    /** Opens a store on this executor: a file, or off-heap memory if Spark must encrypt its files. */
    static BlockStore open() throws IOException {
        boolean encrypts = (Boolean) SparkEnv.get().conf().get(package$.MODULE$.IO_ENCRYPTION_ENABLED());
        return encrypts ? new NativeBlocks() : new BlockFile();
    }
}
