package io.kiln.kvstore;

/** Where sums come from and where updates are computed. */
public enum KVStoreType {
    /** One process; sums and updates on the CPU. */
    LOCAL,
    /** One process; sums and updates on its devices. */
    DEVICE,
    /** Several workers; each push is summed over all of them, then applied once. */
    DIST_SYNC,
    /** As {@link #DIST_SYNC}, with each worker's own sums computed on its devices. */
    DIST_DEVICE_SYNC,
    /** Several workers; each push is applied at once. */
    DIST_ASYNC
}
