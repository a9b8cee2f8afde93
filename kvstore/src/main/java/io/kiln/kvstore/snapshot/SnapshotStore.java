package io.kiln.kvstore.snapshot;

import io.kiln.format.ByteChunks;
import io.kiln.format.ChunkingOutputStream;
import io.kiln.kvstore.KVStoreException;
import io.kiln.kvstore.transport.Ticket;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import org.apache.spark.SparkEnv;
import org.apache.spark.network.buffer.NioManagedBuffer;
import org.apache.spark.storage.BlockId;
import org.apache.spark.storage.BlockManager;
import org.apache.spark.storage.BlockManagerId;
import org.apache.spark.storage.StorageLevel;
import org.apache.spark.util.io.ChunkedByteBuffer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.Option;
import scala.concurrent.Await;
import scala.concurrent.Future;
import scala.concurrent.duration.FiniteDuration;
import scala.jdk.javaapi.CollectionConverters;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;
import scala.runtime.BoxedUnit;

/**
 * A task's access to its job's snapshots. Each worker saves its slice of a version; once the last one has, the version
 * is complete and older ones are removed.
 *
 * <p>A slice is stored in this executor's block manager and in another executor's, on another host if there is one;
 * with a single executor the second copy goes to the driver.
 *
 * <p>Concurrency: one thread at a time.
 */
public final class SnapshotStore {
    private static final Logger LOG = LoggerFactory.getLogger(SnapshotStore.class);
    private static final ClassTag<byte[]> BYTES = ClassTag$.MODULE$.apply(byte[].class);
    private static final long UPLOAD_NANOS = TimeUnit.SECONDS.toNanos(60);

    private final Ticket ticket;
    private final int attempt;
    private final int partBytes;
    private final long storeId;
    private final int slices;
    private final BlockManagerId driver;

    /**
     * Connects to the job's snapshots.
     *
     * @param ticket access to the job's coordinator, where a {@link SnapshotManifest} is open
     * @param attempt number of this attempt of the job; slices of different attempts are never mixed
     */
    public SnapshotStore(Ticket ticket, int attempt) {
        this(ticket, attempt, ByteChunks.CHUNK);
    }

    /**
     * Connects to the job's snapshots, with another block size.
     *
     * @param ticket access to the job's coordinator, where a {@link SnapshotManifest} is open
     * @param attempt number of this attempt of the job; slices of different attempts are never mixed
     * @param partBytes maximum size of a block
     */
    public SnapshotStore(Ticket ticket, int attempt, int partBytes) {
        this.ticket = ticket;
        this.attempt = attempt;
        this.partBytes = partBytes;
        String[] a = ticket.ask(SnapshotManifest.STORE);
        this.storeId = Long.parseLong(a[0]);
        this.slices = Integer.parseInt(a[1]);
        this.driver = BlockManagerId.apply(a[4], a[2], Integer.parseInt(a[3]), Option.empty());
    }

    /**
     * Saves this worker's slice. Its parts are sent as they are written, so the whole slice need not fit into memory.
     *
     * @param version number of the version; increases from save to save
     * @param slice this worker's rank
     * @param content writes the slice's bytes, possibly none
     */
    public void save(long version, int slice, ByteChunks.Writer content) {
        if (slice < 0 || slice >= slices) {
            throw new KVStoreException("save: slice must be in [0, %d), got %d".formatted(slices, slice));
        }
        SliceBlocks.Entry e = new SliceBlocks.Entry(version, attempt, slice, new ArrayList<>());
        boolean saved = false;
        try {
            try (ChunkingOutputStream out = new ChunkingOutputStream(partBytes, bytes -> put(e, bytes))) {
                content.write(out);
            } catch (IOException x) {
                throw new UncheckedIOException("save: slice %d: %s".formatted(slice, x.getMessage()), x);
            }
            List<String> request = new ArrayList<>(List.of(
                    SnapshotManifest.SAVED,
                    Long.toString(version),
                    Integer.toString(attempt),
                    Integer.toString(slice)));
            request.addAll(List.of(e.words()));
            String[] obsolete = ticket.ask(request.toArray(String[]::new));
            saved = true;
            for (String name : obsolete) {
                SparkEnv.get().blockManager().master().removeBlock(SliceBlocks.block(storeId, name));
            }
        } finally {
            if (!saved) {
                e.names().forEach(name -> discard(SliceBlocks.block(storeId, name)));
            }
        }
    }

    private void put(SliceBlocks.Entry e, byte[] bytes) {
        BlockManager bm = SparkEnv.get().blockManager();
        BlockId id = SliceBlocks.block(
                storeId,
                SliceBlocks.Entry.name(
                        e.version(), e.attempt(), e.slice(), e.parts().size()));
        e.parts().add(SliceBlocks.Part.of(bytes)); // before the block exists, so that it is removed if saving fails
        StorageLevel level = StorageLevel.MEMORY_AND_DISK_SER();
        boolean stored = bm.putBytes(id, new ChunkedByteBuffer(ByteBuffer.wrap(bytes)), level, true, BYTES);
        boolean copied = copy(bm, id, bytes, level);
        if (!stored && !copied) {
            throw new KVStoreException(
                    "save: no block manager accepted part %d of slice %d of version %d (%d bytes); raise spark.executor.memory"
                            .formatted(e.parts().size() - 1, e.slice(), e.version(), bytes.length));
        }
    }

    /**
     * The manifest would not remove a block that is not in its list, so remove it now, also when the task is killed.
     */
    private static void discard(BlockId id) {
        boolean interrupted = Thread.interrupted(); // otherwise Spark's calls would end at once
        try {
            BlockManager bm = SparkEnv.get().blockManager();
            bm.removeBlock(id, true);
            bm.master().removeBlock(id);
        } catch (RuntimeException e) {
            LOG.warn("snapshot: {} may be left behind: {}", id, e.getMessage());
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private boolean copy(BlockManager bm, BlockId id, byte[] bytes, StorageLevel level) {
        BlockManagerId self = bm.blockManagerId();
        if (self.isDriver()) {
            return false;
        }
        for (BlockManagerId peer : peers(bm, self)) {
            Future<BoxedUnit> upload = bm.blockTransferService()
                    .uploadBlock(
                            peer.host(),
                            peer.port(),
                            peer.executorId(),
                            id,
                            new NioManagedBuffer(ByteBuffer.wrap(bytes)),
                            level,
                            BYTES);
            String trouble = await(upload);
            if (trouble == null) {
                return true;
            }
            LOG.warn("snapshot: executor {} did not accept {}: {}", peer.executorId(), id, trouble);
        }
        return false;
    }

    /**
     * Waits for an upload, even while the task is being killed: an upload that nobody waits for could arrive after the
     * manifest has removed everything, and would stay forever.
     *
     * @return why it failed, or null
     */
    private static String await(Future<BoxedUnit> upload) {
        boolean interrupted = false;
        long deadline = System.nanoTime() + UPLOAD_NANOS;
        try {
            while (true) {
                try {
                    long left = Math.max(0, deadline - System.nanoTime());
                    Await.result(upload, new FiniteDuration(left, TimeUnit.NANOSECONDS));
                    return null;
                } catch (InterruptedException e) {
                    interrupted = true;
                } catch (Exception e) { // Scala does not declare the SparkException of a lost executor
                    return e.getMessage() == null ? e.toString() : e.getMessage();
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /**
     * The other executors, those on other hosts first, each rank starting with the one after its own; then the driver.
     */
    private List<BlockManagerId> peers(BlockManager bm, BlockManagerId self) {
        Comparator<BlockManagerId> order = Comparator.comparing(
                        (BlockManagerId p) -> p.host().equals(self.host()))
                .thenComparing(p -> p.executorId().compareTo(self.executorId()) < 0)
                .thenComparing(BlockManagerId::executorId);
        List<BlockManagerId> peers =
                new ArrayList<>(CollectionConverters.asJava(bm.master().getPeers(self)));
        peers.sort(order);
        peers.add(driver);
        return peers;
    }

    /**
     * The newest version of which every slice is still available.
     *
     * @return its number, or empty
     */
    public OptionalLong newestComplete() {
        String[] a = ticket.ask(SnapshotManifest.NEWEST);
        return a.length == 0 ? OptionalLong.empty() : OptionalLong.of(Long.parseLong(a[0]));
    }

    /**
     * Opens a slice, wherever it is stored.
     *
     * @param version a complete version
     * @param slice which of its slices
     * @return the slice
     */
    public SavedSlice load(long version, int slice) {
        String[] a = ticket.ask(SnapshotManifest.SLICE, Long.toString(version), Integer.toString(slice));
        return new SavedSlice(
                storeId, new SliceBlocks.Entry(version, Integer.parseInt(a[0]), slice, SliceBlocks.Entry.parts(a, 1)));
    }
}
