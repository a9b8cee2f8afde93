package io.kiln.op.distributed;

import io.kiln.backend.Context;
import io.kiln.ndarray.NDArray;

/**
 * The group of workers that a thread belongs to, for operators such as {@link CrossWorkerSum} and layers such as
 * {@link io.kiln.nn.SyncBatchNorm}. A thread without a group is a single worker.
 *
 * <pre>{@code
 * try (Workers.Membership group = Workers.join(sum)) { // such as io.kiln.kvstore.GroupSum
 *     …train…
 * }
 * }</pre>
 *
 * <p>Concurrency: the group is a setting of the calling thread.
 */
public final class Workers {
    private static final Context.Local<WorkerSum> CURRENT = Context.local(Context.Part.WORKERS, WorkerSum.class);

    private Workers() {}

    /** Puts the former group back when it is closed. */
    public static final class Membership implements AutoCloseable {
        private final WorkerSum before = CURRENT.get();

        private Membership(WorkerSum group) {
            CURRENT.set(group);
        }

        @Override
        public void close() {
            CURRENT.set(before);
        }
    }

    /**
     * Lets the calling thread work in a group.
     *
     * @param group how the group sums
     * @return ends the membership
     */
    public static Membership join(WorkerSum group) {
        return new Membership(group);
    }

    /** Replaces the elements by their sums over the thread's group, if there is one. */
    static void sum(NDArray x) {
        WorkerSum group = CURRENT.get();
        if (group != null) {
            group.sum(x);
        }
    }
}
