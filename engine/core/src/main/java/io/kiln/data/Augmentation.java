package io.kiln.data;

import java.util.random.RandomGenerator;

/**
 * Changes a sample at random.
 *
 * @param <T> what a sample is
 */
@FunctionalInterface
public interface Augmentation<T> {
    /**
     * Changes a sample. Called on the threads of a loader.
     *
     * @param sample the sample, which stays as it is
     * @param random follows from the loader's seed, the epoch and the sample's number, so what comes of it does too
     * @return what takes its place
     */
    T apply(T sample, RandomGenerator random);
}
