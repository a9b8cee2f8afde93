package io.kiln.spark.feed;

/**
 * SplitMix64 (Steele, Lea and Flood: "Fast splittable pseudorandom number generators", 2014): the same numbers on every JVM.
 */
final class SplitMix {
    private static final long GAMMA = 0x9e3779b97f4a7c15L;

    private long state;

    SplitMix(long... seeds) {
        for (long s : seeds) {
            state = mix(state + GAMMA + s);
        }
    }

    private static long mix(long z) {
        long a = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
        long b = (a ^ (a >>> 27)) * 0x94d049bb133111ebL;
        return b ^ (b >>> 31);
    }

    long next() {
        state += GAMMA;
        return mix(state);
    }

    /** A number 0 … bound-1; a bias of less than bound / 2^32 does not matter for a shuffle. */
    int below(int bound) {
        return (int) (((next() >>> 32) * bound) >>> 32);
    }
}
