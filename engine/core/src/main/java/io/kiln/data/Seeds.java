package io.kiln.data;

/** Derives seeds from several numbers. */
final class Seeds {
    private Seeds() {}

    /** SplitMix64 (Steele, Lea, Flood 2014) over all numbers. */
    static long mix(long... values) {
        long h = 0x9E3779B97F4A7C15L;
        for (long v : values) {
            h += v * 0xBF58476D1CE4E5B9L + 0x9E3779B97F4A7C15L;
            h = (h ^ h >>> 30) * 0xBF58476D1CE4E5B9L;
            h = (h ^ h >>> 27) * 0x94D049BB133111EBL;
            h ^= h >>> 31;
        }
        return h;
    }
}
