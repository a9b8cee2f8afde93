package io.kiln.kvstore;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.HostView;

/** Copies host memory times a factor, tile by tile. Concurrency: one thread at a time. */
final class ScaledCopy {
    private static final int TILE = 4096;

    private final float[] floats = new float[TILE];
    private final double[] doubles = new double[TILE];

    /** Computes to = factor · from; the two may be the same memory. */
    void run(DType type, HostView from, HostView to, double factor) {
        if (factor == 1) {
            if (from.address() != to.address()) {
                to.copyFrom(from);
            }
            return;
        }
        long count = to.bytes() / type.bytes();
        for (long at = 0; at < count; at += TILE) {
            int n = (int) Math.min(TILE, count - at);
            long shift = at * type.bytes();
            if (type == DType.FLOAT32) {
                from.get(shift, floats, 0, n);
                scale(floats, n, (float) factor);
                to.put(shift, floats, 0, n);
            } else {
                from.get(shift, doubles, 0, n);
                scale(doubles, n, factor);
                to.put(shift, doubles, 0, n);
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
