package io.kiln.cpu.onednn;

import io.kiln.cpu.EngineThreads;
import io.kiln.cpu.Parallel;
import io.kiln.ndarray.internal.Memory;
import java.util.Arrays;

/**
 * Looks for {@code -Float.MAX_VALUE} in memory.
 *
 * <p>Concurrency: belongs to the thread of its context, as its arrays do.
 */
final class LowestFloats {
    private static final int LOWEST = Float.floatToRawIntBits(-Float.MAX_VALUE);
    private static final int TILE = 2048;
    private static final long GRAIN = 8 * TILE;

    private int[][] tiles = {};
    private boolean[] found = {};

    boolean in(long address, long count) {
        Parallel parallel = EngineThreads.parallel();
        int parts = parallel.partsFor(count, GRAIN);
        if (tiles.length < parts) {
            tiles = new int[parts][TILE];
            found = new boolean[parts];
        }
        parallel.run(parts, part -> {
            long from = Parallel.split(count, parts, part);
            found[part] = in(tiles[part], address + 4 * from, Parallel.split(count, parts, part + 1) - from);
        });
        for (int part = 0; part < parts; part++) {
            if (found[part]) {
                Arrays.fill(found, false);
                return true;
            }
        }
        return false;
    }

    private static boolean in(int[] tile, long address, long count) {
        for (long at = 0; at < count; at += TILE) {
            int n = (int) Math.min(TILE, count - at);
            Memory.get(address + 4 * at, tile, 0, n);
            int hits = 0;
            for (int i = 0; i < n; i++) {
                int difference = tile[i] ^ LOWEST;
                hits += 1 + ((difference | -difference) >> 31);
            }
            if (hits != 0) {
                return true;
            }
        }
        return false;
    }
}
