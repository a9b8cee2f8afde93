package io.kiln.kvstore.collective;

import io.kiln.kvstore.KVStoreException;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.HostView;

/**
 * Sums arrays element by element, always from the first to the last: {@code ((x₀ + x₁) + x₂) + …}. Works on heap tiles,
 * because HotSpot vectorises loops over Java arrays but not over native memory.
 *
 * <p>Concurrency: one thread at a time; the tiles belong to the object.
 */
final class RankOrderSum {
    private static final int TILE_BYTES = 32 << 10;

    private final float[] floatSum = new float[TILE_BYTES / Float.BYTES];
    private final float[] floatTerm = new float[TILE_BYTES / Float.BYTES];
    private final double[] doubleSum = new double[TILE_BYTES / Double.BYTES];
    private final double[] doubleTerm = new double[TILE_BYTES / Double.BYTES];
    private final long[] longSum = new long[TILE_BYTES / Long.BYTES];
    private final long[] longTerm = new long[TILE_BYTES / Long.BYTES];

    static void checkSummable(String operation, DType type) {
        if (type != DType.FLOAT32 && type != DType.FLOAT64 && type != DType.INT64) {
            throw new KVStoreException(
                    "%s: sums are taken in FLOAT32, FLOAT64 or INT64, got %s; cast before".formatted(operation, type));
        }
    }

    /**
     * Writes the sum of all terms.
     *
     * @param type FLOAT32, FLOAT64 or INT64
     * @param terms the terms, in the order of summation
     * @param target the destination; may be one of the terms
     * @param offset first byte in each of them
     * @param bytes number of bytes, a multiple of the type's size
     */
    void sum(DType type, HostView[] terms, HostView target, long offset, long bytes) {
        for (long at = 0; at < bytes; at += TILE_BYTES) {
            int n = (int) Math.min(TILE_BYTES, bytes - at);
            switch (type) {
                case FLOAT32 -> floats(terms, target, offset + at, n / Float.BYTES);
                case FLOAT64 -> doubles(terms, target, offset + at, n / Double.BYTES);
                case INT64 -> longs(terms, target, offset + at, n / Long.BYTES);
                default -> throw new IllegalStateException("sum: " + type);
            }
        }
    }

    private void floats(HostView[] terms, HostView target, long at, int n) {
        terms[0].get(at, floatSum, 0, n);
        for (int r = 1; r < terms.length; r++) {
            terms[r].get(at, floatTerm, 0, n);
            add(floatSum, floatTerm, n);
        }
        target.put(at, floatSum, 0, n);
    }

    private static void add(float[] sum, float[] term, int n) {
        for (int i = 0; i < n; i++) {
            sum[i] += term[i];
        }
    }

    private void doubles(HostView[] terms, HostView target, long at, int n) {
        terms[0].get(at, doubleSum, 0, n);
        for (int r = 1; r < terms.length; r++) {
            terms[r].get(at, doubleTerm, 0, n);
            add(doubleSum, doubleTerm, n);
        }
        target.put(at, doubleSum, 0, n);
    }

    private static void add(double[] sum, double[] term, int n) {
        for (int i = 0; i < n; i++) {
            sum[i] += term[i];
        }
    }

    private void longs(HostView[] terms, HostView target, long at, int n) {
        terms[0].get(at, longSum, 0, n);
        for (int r = 1; r < terms.length; r++) {
            terms[r].get(at, longTerm, 0, n);
            for (int i = 0; i < n; i++) {
                longSum[i] += longTerm[i];
            }
        }
        target.put(at, longSum, 0, n);
    }
}
