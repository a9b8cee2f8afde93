package io.kiln.kvstore;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.Memory;

/** Copies memory times a factor, tile by tile. Concurrency: one thread at a time. */
final class ScaledCopy {
    private static final int TILE = 4096;

    private final float[] floats = new float[TILE];
    private final double[] doubles = new double[TILE];

    /** to = factor · from; the two may be the same place. */
    void run(DType type, long from, long to, long count, double factor) {
        if (factor == 1) {
            if (from != to) {
                Memory.copy(from, to, count * type.bytes());
            }
            return;
        }
        for (long at = 0; at < count; at += TILE) {
            int n = (int) Math.min(TILE, count - at);
            long shift = at * type.bytes();
            if (type == DType.FLOAT32) {
                Memory.get(from + shift, floats, 0, n);
                scale(floats, n, (float) factor);
                Memory.put(floats, 0, to + shift, n);
            } else {
                Memory.get(from + shift, doubles, 0, n);
                scale(doubles, n, factor);
                Memory.put(doubles, 0, to + shift, n);
            }
        }
    }

    private static void scale(float[] x, int n, float factor) {
        for (int i = 0; i < n; i++) {
            x[i] *= factor;
        }
    }

    private static void scale(double[] x, int n, double factor) {
        for (int i = 0; i < n; i++) {
            x[i] *= factor;
        }
    }
}
