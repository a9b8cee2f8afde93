package io.kiln.kvstore;

/** Where sums come from and where they and updates are computed. */
public enum KVStoreType {
    /** One process; stored arrays, sums and updates on the CPU. */
    LOCAL(false),
    /**
     * One process; the array of a key, its sums and updates on the device of the value that created the key. What other devices push is
     * copied there and added in the order given; or, where GPUs have something better than copies (NCCL), in an order of its own.
     */
    DEVICE(true),
    /** Several workers; each push is summed over all of them, then applied once; on the CPU. */
    DIST_SYNC(false),
    /** As {@link #DIST_SYNC}, with each worker's own sums and updates on its devices as in {@link #DEVICE}. */
    DIST_DEVICE_SYNC(true),
    /** Several workers; each push is applied at once. */
    DIST_ASYNC(false);

    private final boolean onDevices;

    KVStoreType(boolean onDevices) {
        this.onDevices = onDevices;
    }

    /** {@return whether stored arrays stay on devices} */
    boolean isOnDevices() {
        return onDevices;
    }
}
