package io.kiln.kvstore.snapshot;

import io.kiln.kvstore.KVStoreException;
import io.kiln.kvstore.transport.Coordinator;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;
import org.apache.spark.SparkEnv;
import org.apache.spark.storage.BlockManagerId;
import org.apache.spark.storage.BlockManagerMaster;

/**
 * The driver's list of a job's snapshots: which slices of which version are in the block manager. A version is complete
 * when all of its slices, saved by the same attempt, are stored. The list is on the driver, so it survives the loss of
 * executors; each slice has a replica on a second executor.
 *
 * <p>Concurrency: thread-safe.
 */
public final class SnapshotManifest implements AutoCloseable {
    static final String SAVED = "snapshot-saved";
    static final String NEWEST = "snapshot-newest";
    static final String SLICE = "snapshot-slice";
    static final String STORE = "snapshot-store";
    private static final long FIRST_STORE = 1L << 40;

    private final long storeId = FIRST_STORE + ThreadLocalRandom.current().nextLong(1L << 60);
    private final int slices;
    private final TreeMap<Long, List<Attempt>> versions = new TreeMap<>();
    private boolean closed;

    /** The slices that one attempt has saved of one version. */
    private record Attempt(int number, SliceBlocks.Entry[] entries) {
        boolean isComplete() {
            for (SliceBlocks.Entry e : entries) {
                if (e == null) {
                    return false;
                }
            }
            return true;
        }
    }

    /**
     * Opens an empty manifest.
     *
     * @param coordinator the job's coordinator, to which tasks report
     * @param slices the number of slices per version, one for each worker
     */
    public SnapshotManifest(Coordinator coordinator, int slices) {
        if (slices < 1) {
            throw new KVStoreException("snapshot manifest: slices must be at least 1, got " + slices);
        }
        this.slices = slices;
        coordinator.serve(STORE, this::store);
        coordinator.serve(SAVED, this::saved);
        coordinator.serve(NEWEST, this::newest);
        coordinator.serve(SLICE, this::slice);
    }

    /**
     * Answers the store id, the number of slices, and the driver's block manager for jobs without a second executor.
     */
    private String[] store(String[] q) {
        BlockManagerId driver = SparkEnv.get().blockManager().blockManagerId();
        return Coordinator.answer(
                Long.toString(storeId),
                Integer.toString(slices),
                driver.host(),
                Integer.toString(driver.port()),
                driver.executorId());
    }

    /**
     * Request: version, attempt, slice, then bytes and checksum of each part. Answers the names of the blocks that are
     * no longer needed.
     */
    private synchronized String[] saved(String[] q) {
        SliceBlocks.Entry e = new SliceBlocks.Entry(
                Long.parseLong(q[1]), Integer.parseInt(q[2]), Integer.parseInt(q[3]), SliceBlocks.Entry.parts(q, 4));
        if (e.slice() < 0 || e.slice() >= slices) {
            throw new KVStoreException("slice must be in [0, %d), got %d".formatted(slices, e.slice()));
        }
        if (closed) {
            throw new KVStoreException("version %d arrived after the end of the job".formatted(e.version()));
        }
        Attempt attempt = attempt(e);
        attempt.entries[e.slice()] = e;
        return Coordinator.answer(attempt.isComplete() ? obsolete(attempt, e.version()) : new String[0]);
    }

    private Attempt attempt(SliceBlocks.Entry e) {
        List<Attempt> attempts = versions.computeIfAbsent(e.version(), v -> new ArrayList<>());
        for (Attempt a : attempts) {
            if (a.number == e.attempt()) {
                return a;
            }
        }
        Attempt a = new Attempt(e.attempt(), new SliceBlocks.Entry[slices]);
        attempts.add(a);
        return a;
    }

    /**
     * Forgets everything up to a complete attempt's version, except that attempt; returns the forgotten blocks' names.
     */
    private String[] obsolete(Attempt complete, long version) {
        List<String> blocks = new ArrayList<>();
        versions.headMap(version, true).values().removeIf(attempts -> {
            attempts.removeIf(a -> {
                if (a == complete) {
                    return false;
                }
                for (SliceBlocks.Entry e : a.entries) {
                    if (e != null) {
                        blocks.addAll(e.names());
                    }
                }
                return true;
            });
            return attempts.isEmpty();
        });
        return blocks.toArray(String[]::new);
    }

    private synchronized String[] newest(String[] q) {
        Attempt a = newestAttempt();
        return a == null ? Coordinator.answer() : Coordinator.answer(Long.toString(a.entries[0].version()));
    }

    private Attempt newestAttempt() {
        for (List<Attempt> attempts : versions.descendingMap().values()) {
            for (Attempt a : attempts) {
                if (a.isComplete() && isAlive(a)) {
                    return a;
                }
            }
        }
        return null;
    }

    /**
     * Whether each part of each slice is still stored somewhere. The driver's block manager master is in this process.
     */
    private boolean isAlive(Attempt a) {
        BlockManagerMaster master = SparkEnv.get().blockManager().master();
        for (SliceBlocks.Entry e : a.entries) {
            for (String name : e.names()) {
                if (master.getLocations(SliceBlocks.block(storeId, name)).isEmpty()) {
                    return false;
                }
            }
        }
        return true;
    }

    private synchronized String[] slice(String[] q) {
        SliceBlocks.Entry e = entry(Long.parseLong(q[1]), Integer.parseInt(q[2]));
        List<String> answer = new ArrayList<>(List.of(Integer.toString(e.attempt())));
        answer.addAll(List.of(e.words()));
        return Coordinator.answer(answer.toArray(String[]::new));
    }

    private SliceBlocks.Entry entry(long version, int slice) {
        if (slice < 0 || slice >= slices) {
            throw new KVStoreException("snapshot: slice must be in [0, %d), got %d".formatted(slices, slice));
        }
        for (Attempt a : versions.getOrDefault(version, List.of())) {
            if (a.isComplete()) {
                return a.entries[slice];
            }
        }
        throw new KVStoreException(
                "snapshot: version %d is not complete; known versions: %s".formatted(version, versions.keySet()));
    }

    /**
     * The newest version of which every slice is still available.
     *
     * @return its number, or empty
     */
    public synchronized OptionalLong newestComplete() {
        Attempt a = newestAttempt();
        return a == null ? OptionalLong.empty() : OptionalLong.of(a.entries[0].version());
    }

    /**
     * Opens a slice for reading on the driver.
     *
     * @param version a complete version
     * @param slice which of its slices
     * @return the slice
     */
    public synchronized SavedSlice load(long version, int slice) {
        return new SavedSlice(storeId, entry(version, slice));
    }

    /**
     * The id in the blocks' names, {@code broadcast_<storeId>_…}.
     *
     * @return the store's id
     */
    public long storeId() {
        return storeId;
    }

    /** Removes all blocks from all executors, waits until they are removed, and accepts no further ones. */
    @Override
    public synchronized void close() {
        closed = true;
        versions.clear();
        SparkEnv.get().blockManager().master().removeBroadcast(storeId, true, true);
    }
}
