package io.kiln.cpu.tile;

import io.kiln.cpu.EngineThreads;
import io.kiln.cpu.KernelTable;
import io.kiln.cpu.Parallel;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.op.internal.Philox;
import io.kiln.op.random.RandomBernoulli;
import io.kiln.op.random.RandomGenerator;
import io.kiln.op.random.RandomNormal;
import io.kiln.op.random.RandomUniform;

/**
 * Random numbers, with the same bits as the composed operators: each number depends on seed, draw and position alone,
 * not on the thread.
 */
public final class RandomKernels {
    /** Number of generator words below which a second thread costs more than it saves. */
    private static final long GRAIN = 1 << 13;

    private RandomKernels() {}

    /**
     * Adds the kernels.
     *
     * @param table the table
     */
    public static void contribute(KernelTable table) {
        table.addRoutine(RandomUniform.class, (o, in, out) -> {
            RandomUniform u = (RandomUniform) o;
            fill(out[0], (words, to, n) -> uniform(words, to, n, u.low(), u.high()));
        });
        table.addRoutine(RandomBernoulli.class, (o, in, out) -> {
            double p = ((RandomBernoulli) o).p();
            fill(out[0], (words, to, n) -> bernoulli(words, to, n, p));
        });
        table.addRoutine(RandomNormal.class, (o, in, out) -> {
            RandomNormal r = (RandomNormal) o;
            fill(out[0], (words, to, n) -> normal(words, to, n, r.mean(), r.deviation()));
        });
    }

    /** Converts words to numbers. */
    private interface Transform {
        void run(int[] words, float[] to, int n);
    }

    private static void uniform(int[] words, float[] to, int n, double low, double high) {
        double width = high - low;
        for (int i = 0; i < n; i++) {
            to[i] = (float) (low + width * Philox.uniform(words[i]));
        }
    }

    private static void bernoulli(int[] words, float[] to, int n, double p) {
        // u < p exactly for the words whose upper 24 bits are below this bound.
        int bound = (int) Math.ceil(p * 0x1p24);
        for (int i = 0; i < n; i++) {
            to[i] = (words[i] >>> 8) - bound >>> 31;
        }
    }

    private static void normal(int[] words, float[] to, int n, double mean, double deviation) {
        for (int i = 0; i < n; i += 2) {
            double radius = Philox.radius(words[i]);
            double angle = Philox.angle(words[i + 1]);
            to[i] = (float) (mean + deviation * (radius * Math.cos(angle)));
            to[i + 1] = (float) (mean + deviation * (radius * Math.sin(angle)));
        }
    }

    private static void fill(NDArray y, Transform transform) {
        RandomGenerator.State draw = RandomGenerator.next();
        long address = y.address();
        long size = y.size();
        long tiles = (size + Lanes.TILE - 1) / Lanes.TILE;
        Parallel parallel = EngineThreads.parallel();
        int parts = (int) Math.min(parallel.partsFor(size, GRAIN), Math.max(1, tiles));
        Lanes[] lanes = Scratch.current().lanes(DType.FLOAT32, parts);
        parallel.run(parts, part -> {
            int[] words = new int[Lanes.TILE];
            long end = Parallel.split(tiles, parts, part + 1);
            for (long t = Parallel.split(tiles, parts, part); t < end; t++) {
                long start = t * Lanes.TILE;
                int n = (int) Math.min(Lanes.TILE, size - start);
                Philox.fill(draw, start / 4, words);
                transform.run(words, ((FloatLanes) lanes[part]).tile(0), Lanes.TILE);
                lanes[part].store(y.dtype(), address + start * y.dtype().bytes(), 1, 0, 0, n);
            }
        });
    }
}
