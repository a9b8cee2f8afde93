package io.kiln.kvstore;

import io.kiln.ndarray.NDArray;

/** What a store does with a summed push instead of overwriting its array. */
@FunctionalInterface
public interface Updater {
    /**
     * Updates an array of the store in place.
     *
     * @param key its key
     * @param received the sum of what was pushed, of the same shape and dtype
     * @param stored the store's array
     */
    void update(KVKey key, NDArray received, NDArray stored);
}
