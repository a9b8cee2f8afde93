package io.kiln.benchmarks.spark;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.network.buffer.NioManagedBuffer;
import org.apache.spark.storage.BlockManager;
import org.apache.spark.storage.BlockManagerId;
import org.apache.spark.storage.BroadcastBlockId;
import org.apache.spark.storage.StorageLevel;
import org.apache.spark.util.io.ChunkedByteBuffer;
import scala.Option;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;

/**
 * Spark's block manager: halves and sums travel as blocks, either pushed to the other executor ({@code uploadBlockSync})
 * or put locally and fetched by the other one ({@code getRemoteBytes}). Blocks are write-once, so each step has its own.
 */
public final class BlockExchange implements Exchange {

    private static final long STORE = 1L << 41;
    private static final long PATIENCE = TimeUnit.SECONDS.toNanos(60);
    private static final ClassTag<byte[]> BYTES = ClassTag$.MODULE$.apply(byte[].class);

    private final BlockManager blocks = SparkEnv.get().blockManager();
    private final boolean push;
    private final int rank;
    private final int half;
    private final long run;
    private final Tiles tiles = new Tiles();
    private final String[] other;

    /** Pushes or fetches, for arrays of so many floats. */
    public BlockExchange(Link link, int floats, boolean push) throws IOException {
        this.push = push;
        this.rank = link.rank();
        this.half = floats / 2 * Float.BYTES;
        BlockManagerId own = blocks.blockManagerId();
        this.other = link.swap(own.host() + " " + own.port() + " " + own.executorId())
                .split(" ");
        // Blocks of earlier runs have other names.
        this.run = TaskContext.get().taskAttemptId() / 2;
    }

    @Override
    public void sum(ByteBuffer array, int step) throws IOException {
        int mine = rank == 0 ? 0 : half;
        int theirs = half - mine;
        ByteBuffer half = exchange(array, theirs, "part_" + step);
        tiles.add(array.asFloatBuffer(), mine / Float.BYTES, half.asFloatBuffer());
        ByteBuffer sums = exchange(array, mine, "sums_" + step);
        array.put(theirs, sums, sums.position(), sums.remaining());
    }

    /** Sends a copy of the array from {@code from} on; returns what the other executor sent under the same name. */
    private ByteBuffer exchange(ByteBuffer array, int from, String name) throws IOException {
        byte[] copy = new byte[half];
        array.get(from, copy);
        BroadcastBlockId out = id(name, rank);
        BroadcastBlockId in = id(name, 1 - rank);
        if (push) {
            blocks.blockTransferService()
                    .uploadBlockSync(
                            other[0],
                            Integer.parseInt(other[1]),
                            other[2],
                            out,
                            new NioManagedBuffer(ByteBuffer.wrap(copy)),
                            StorageLevel.MEMORY_ONLY_SER(),
                            BYTES);
            ByteBuffer got = await(name, () -> blocks.getLocalBytes(in).map(data -> data.toByteBuffer()));
            blocks.releaseLock(in, Option.apply(TaskContext.get()));
            return got.order(ByteOrder.nativeOrder());
        }
        blocks.putBytes(out, new ChunkedByteBuffer(ByteBuffer.wrap(copy)), StorageLevel.MEMORY_ONLY_SER(), true, BYTES);
        return await(name, () -> blocks.getRemoteBytes(in).map(ChunkedByteBuffer::toByteBuffer))
                .order(ByteOrder.nativeOrder());
    }

    private static ByteBuffer await(String name, Supplier<Option<ByteBuffer>> look) throws IOException {
        long end = System.nanoTime() + PATIENCE;
        for (long pause = 20_000; System.nanoTime() < end; pause = Math.min(2 * pause, 200_000)) {
            Option<ByteBuffer> found = look.get();
            if (found.isDefined()) {
                return found.get();
            }
            LockSupport.parkNanos(pause);
        }
        throw new IOException("blocks: " + name + " did not arrive within 60 s");
    }

    private BroadcastBlockId id(String name, int of) {
        return new BroadcastBlockId(STORE + run, name + "_from" + of);
    }

    @Override
    public void settle(int step) {
        for (String name : new String[] {"part_", "sums_"}) {
            blocks.removeBlock(id(name + step, push ? 1 - rank : rank), true);
        }
    }

    @Override
    public void close() {}
}
