package io.kiln.data;

import java.util.random.RandomGenerator;

/**
 * A random change of a sample.
 *
 * @param <T> type of a sample
 */
@FunctionalInterface
public interface Augmentation<T> {
    /**
     * Changes a sample. Called on the threads of a loader.
     *
     * @param sample the sample, which is not modified
     * @param random depends only on the loader's seed, the epoch and the sample's index, so the result does too
     * @return the new sample
     */
    T apply(T sample, RandomGenerator random);
}
