package io.kiln.kvstore;

/** Where the parts of a sum come from and where the update is done. */
public enum KVStoreType {
    /** One process; sums and updates on the CPU. */
    LOCAL,
    /** One process; sums and updates on its devices. */
    DEVICE,
    /** Many workers; each push is summed over all of them, then applied once. */
    DIST_SYNC,
    /** As {@link #DIST_SYNC}, with the sums within a worker on its devices. */
    DIST_DEVICE_SYNC,
    /** Many workers; each push is applied at once. */
    DIST_ASYNC
}
