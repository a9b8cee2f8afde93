package io.kiln.nn;

import io.kiln.init.Initializer;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.op.random.RandomGenerator;
import java.util.OptionalLong;

/**
 * The source of random numbers for a parameter's initial value.
 *
 * @param key seed of a generator for this parameter alone; empty for the thread's generator
 */
record Draw(OptionalLong key) {
    static Draw fromThread() {
        return new Draw(OptionalLong.empty());
    }

    static Draw fromSeed(long seed, String path) {
        long h = mix(seed);
        for (int i = 0; i < path.length(); i++) {
            h = mix(h ^ path.charAt(i));
        }
        return new Draw(OptionalLong.of(h));
    }

    /** The finalizer of SplitMix64. */
    private static long mix(long z) {
        long a = z + 0x9e3779b97f4a7c15L;
        long b = (a ^ (a >>> 30)) * 0xbf58476d1ce4e5b9L;
        long c = (b ^ (b >>> 27)) * 0x94d049bb133111ebL;
        return c ^ (c >>> 31);
    }

    /** Draws a value that belongs to no scope. */
    NDArray value(Initializer initializer, Shape shape, DType dtype) {
        RandomGenerator.State before = RandomGenerator.state();
        key.ifPresent(RandomGenerator::seed);
        try (Scope scope = Scope.open()) {
            return scope.keep(initializer.create(shape).cast(dtype)).detach();
        } finally {
            if (key.isPresent()) {
                RandomGenerator.restore(before);
            }
        }
    }
}
