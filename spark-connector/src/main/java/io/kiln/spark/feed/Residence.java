package io.kiln.spark.feed;

import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.storage.BlockManager;
import org.apache.spark.storage.BlockStatus;
import org.apache.spark.storage.RDDBlockId;
import scala.Option;

/**
 * Pins a partition in Spark's memory, so that a task can refer to its blocks instead of copying them: Spark evicts
 * nothing that a task has locked.
 *
 * <p>Concurrency: belongs to the task's thread.
 */
final class Residence implements AutoCloseable {
    private final BlockManager manager;
    private final RDDBlockId id;
    private final TaskContext task;

    private Residence(BlockManager manager, RDDBlockId id, TaskContext task) {
        this.manager = manager;
        this.id = id;
        this.task = task;
    }

    /**
     * Locks a partition; call it before its iterator has ended, while Spark's own lock is held.
     *
     * @return the lock, or null if the partition is not in this JVM's memory as objects
     */
    static Residence lock(int rdd, int partition) {
        BlockManager manager = SparkEnv.get().blockManager();
        RDDBlockId id = new RDDBlockId(rdd, partition);
        Option<BlockStatus> status = manager.getStatus(id);
        if (status.isEmpty()
                || status.get().memSize() == 0
                || !status.get().storageLevel().deserialized()
                || manager.getLocalValues(id).isEmpty()) {
            return null;
        }
        return new Residence(manager, id, TaskContext.get());
    }

    @Override
    public void close() {
        manager.releaseLock(id, Option.apply(task));
    }
}
