package io.kiln.kvstore;

import io.kiln.ndarray.NDArray;

/** Applies a summed push to a store's array, instead of overwriting it. */
@FunctionalInterface
public interface Updater {
    /**
     * Updates an array of the store in place.
     *
     * @param key its key
     * @param received the sum of the pushed arrays, of the same shape and dtype
     * @param stored the store's array
     */
    void update(KVKey key, NDArray received, NDArray stored);
}
