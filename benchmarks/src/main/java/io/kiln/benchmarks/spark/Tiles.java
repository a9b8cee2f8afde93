package io.kiln.benchmarks.spark;

import java.nio.FloatBuffer;

/** Adds off-heap arrays through heap arrays, because HotSpot vectorises only those. */
final class Tiles {

    private static final int TILE = 4096;

    private final float[] mine = new float[TILE];
    private final float[] theirs = new float[TILE];

    /** {@code to[at + i] += from[i]} for all of {@code from}; positions are those of floats. */
    void add(FloatBuffer to, int at, FloatBuffer from) {
        int total = from.remaining();
        for (int begin = 0; begin < total; begin += TILE) {
            int n = Math.min(TILE, total - begin);
            to.get(at + begin, mine, 0, n);
            from.get(begin, theirs, 0, n);
            for (int i = 0; i < n; i++) {
                mine[i] += theirs[i];
            }
            to.put(at + begin, mine, 0, n);
        }
    }
}
