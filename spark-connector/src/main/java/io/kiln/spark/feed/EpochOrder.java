package io.kiln.spark.feed;

/**
 * Determines the rows of each step of an epoch. They depend on the number of rows, the batch size, the seed and the
 * epoch, never on the number of workers, so that any number of workers sees the same batches.
 *
 * <p>The rows 0 … n-1 are divided into strata of neighbouring rows, as many as a batch has places; step j takes from
 * each stratum the j-th row of the stratum's own permutation. Each row occurs once per epoch. A worker holds a range of
 * neighbouring rows and so has its even share of every batch, up to one row: with a permutation of all rows the share
 * would be random, and every step would wait for the worker with the most rows. Rows of a batch are in ascending order.
 *
 * <p>The last step has n mod batchSize rows if that is not 0. A batch larger than the data contains all of the data.
 */
public final class EpochOrder {
    private final int steps;
    private final int[] starts;
    private final int[] rows;

    /**
     * Computes a worker's part of an epoch.
     *
     * @param total rows of all workers
     * @param batchSize rows of a full batch, of all workers together
     * @param seed the fit's seed
     * @param epoch the epoch, from 0
     * @param shuffle whether strata are permuted; otherwise each epoch takes the rows of a stratum in order
     * @param first the worker's first row
     * @param end one after its last row
     */
    public EpochOrder(long total, int batchSize, long seed, int epoch, boolean shuffle, long first, long end) {
        steps = steps(total, batchSize);
        starts = new int[steps + 1];
        rows = new int[Math.toIntExact(end - first)];
        long strata = Math.min(batchSize, total);
        if (rows.length == 0) {
            return;
        }
        int s0 = stratumOf(first, strata, total);
        int s1 = stratumOf(end - 1, strata, total);
        for (int pass = 0; pass < 2; pass++) {
            int[] next = pass == 0 ? null : starts.clone();
            for (int s = s0; s <= s1; s++) {
                long start = bound(s, strata, total);
                int[] order = permutation((int) (bound(s + 1, strata, total) - start), seed, epoch, s, shuffle);
                for (int j = 0; j < order.length; j++) {
                    long id = start + order[j];
                    if (id >= first && id < end) {
                        if (pass == 0) {
                            starts[j + 1]++;
                        } else {
                            rows[next[j]++] = (int) (id - first);
                        }
                    }
                }
            }
            if (pass == 0) {
                for (int j = 0; j < steps; j++) {
                    starts[j + 1] += starts[j];
                }
            }
        }
    }

    /**
     * The number of steps of an epoch.
     *
     * @param total rows of all workers
     * @param batchSize rows of a full batch
     * @return total / batchSize, rounded up
     */
    public static int steps(long total, int batchSize) {
        return Math.toIntExact((total + batchSize - 1) / batchSize);
    }

    /**
     * The first row of a worker's range or of a stratum.
     *
     * @param part the part's index, from 0; the number of parts for the end of the last one
     * @param parts number of parts
     * @param total number of rows
     * @return the part's first row
     */
    public static long bound(long part, long parts, long total) {
        // In 128 bits part * total cannot overflow; parts and total are far below 2^31 and 2^62.
        long q = total / parts;
        long r = total % parts;
        return part * q + part * r / parts;
    }

    private static int stratumOf(long row, long strata, long total) {
        long s = Math.min(strata - 1, row / Math.max(1, total / strata));
        while (bound(s, strata, total) > row) {
            s--;
        }
        while (bound(s + 1, strata, total) <= row) {
            s++;
        }
        return (int) s;
    }

    private static int[] permutation(int n, long seed, int epoch, int stratum, boolean shuffle) {
        int[] p = new int[n];
        for (int i = 0; i < n; i++) {
            p[i] = i;
        }
        if (shuffle) {
            SplitMix random = new SplitMix(seed, epoch, stratum);
            for (int i = n - 1; i > 0; i--) {
                int k = random.below(i + 1);
                int t = p[i];
                p[i] = p[k];
                p[k] = t;
            }
        }
        return p;
    }

    /**
     * The number of steps of this epoch, the same for every worker.
     *
     * @return the number of steps
     */
    public int steps() {
        return steps;
    }

    /**
     * How many rows of a batch this worker has.
     *
     * @param step the step, from 0
     * @return 0 or more
     */
    public int size(int step) {
        return starts[step + 1] - starts[step];
    }

    /**
     * A row of a batch.
     *
     * @param step the step, from 0
     * @param index index among this worker's rows of the batch
     * @return the row, counted from the worker's first one
     */
    public int row(int step, int index) {
        return rows[starts[step] + index];
    }
}
