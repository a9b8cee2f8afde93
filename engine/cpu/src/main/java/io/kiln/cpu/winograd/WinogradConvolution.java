package io.kiln.cpu.winograd;

import io.kiln.cpu.EngineThreads;
import io.kiln.cpu.Parallel;
import io.kiln.cpu.onednn.MatMul;
import io.kiln.cpu.onednn.PostOps;
import io.kiln.cpu.onednn.Tensor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongUnaryOperator;

/**
 * A convolution of stride 1 by Winograd's minimal filtering: tiles of the source and the weights are transformed, 36 matrix
 * products over the channels take the place of the sums over taps, and the products are transformed into tiles of the result.
 * 3×3 taps need a quarter of the multiplications of the direct sum, 5×5 taps 36/100.
 *
 * <p>Tiles are taken in blocks whose transforms stay in the caches, and output channels in blocks where the transformed weights
 * would not. Each thread transforms, multiplies and writes its own tiles, because data written by another core is slow to read. The
 * split into blocks follows from sizes and the number of threads alone, so results have the same bits in every run.
 *
 * <p>Sources: S. Winograd, Arithmetic Complexity of Computations, SIAM 1980; A. Lavin and S. Gray, Fast Algorithms for
 * Convolutional Neural Networks, arXiv 1509.09308.
 *
 * <p>Concurrency: an instance belongs to the thread that made it, for the length of one kernel.
 */
public final class WinogradConvolution {
    /** Transforms of a block of tiles: the second-level caches of two cores and some of the third-level one. */
    private static final long BLOCK_BYTES = 2L << 20;

    /** Transforms of a block of tiles where each block transforms the weights anew. */
    private static final long LARGE_BLOCK_BYTES = 12L << 20;

    /** Transformed weights that stay in the third-level cache. */
    private static final long FACTOR_BYTES = 10L << 20;

    /** Transformed weights that each core had better read whole than share tiles with others. */
    private static final long COMMON_BYTES = 3L << 20;

    private static final int COLUMNS = 64;

    /** Floating-point operations of the products in the time that the transform of one element takes (65 to 70 measured). */
    private static final long ELEMENT = 65;

    /** The same for one element of the weights. */
    private static final long FACTOR = 50;

    /** By how much the estimate must be better than the direct sum's. */
    private static final double MARGIN = 4 / 3.0;

    /** Elements of the arrays that hold one row of tiles, at most. */
    private static final long LONGEST = 16384;

    private final Algorithm algorithm;
    private final Grid grid;
    private final Parallel parallel = EngineThreads.parallel();
    private final int in;
    private final int out;
    private final int outBlock;
    private final int parts;
    private final int partRows;

    /**
     * Plans a convolution.
     *
     * @param taps sizes of the window, 3 or 5 along both axes
     * @param outputs what the tiles cover, [N, ·, height, width]
     * @param in input channels
     * @param out output channels
     */
    public WinogradConvolution(int taps, long[] outputs, int in, int out) {
        this.algorithm = algorithm(taps);
        this.grid = Grid.over(algorithm, outputs);
        this.in = in;
        this.out = out;
        long column = 4L * Algorithm.PRODUCTS * in;
        boolean whole = column * out <= FACTOR_BYTES;
        this.outBlock = whole ? out : (int) Math.min(out, Math.max(1, FACTOR_BYTES / 2 / column / COLUMNS) * COLUMNS);
        this.parts = column * out <= COMMON_BYTES ? parallel.partsFor(grid.allRows(), 1) : 1;
        long row = 4L * Algorithm.PRODUCTS * grid.columns() * (in + outBlock);
        long most = Math.max(1, (whole ? BLOCK_BYTES : LARGE_BLOCK_BYTES) / row / parts);
        long blocks = (grid.allRows() + most * parts - 1) / (most * parts);
        this.partRows = Math.toIntExact((grid.allRows() + blocks * parts - 1) / (blocks * parts));
    }

    private static Algorithm algorithm(long taps) {
        return taps == 3 ? Algorithm.THREE_TAPS : Algorithm.FIVE_TAPS;
    }

    /**
     * Whether there is an algorithm for a window.
     *
     * @param taps its size along both axes
     * @return true for 3 and 5
     */
    public static boolean hasTaps(long taps) {
        return taps == 3 || taps == 5;
    }

    /**
     * Whether the products saved outweigh the transforms. Products run at the speed of the direct sum; an element of a transform
     * costs as much as 65 operations of them on a processor with AVX-512 (measured on Zen 4, where the direct
     * sum of 64 to 512 channels takes 1.4 to 2.5 times as long).
     *
     * @param taps size of the window along both axes
     * @param images number of images
     * @param height rows of what tiles cover
     * @param width columns of what tiles cover
     * @param in input channels
     * @param out output channels
     * @param sums outputs of each channel that the direct sum computes
     * @return whether to prefer this algorithm
     */
    public static boolean pays(long taps, long images, long height, long width, long in, long out, long sums) {
        int m = algorithm(taps).outputs;
        long columns = (width + m - 1) / m;
        if ((columns + (Algorithm.TILE - 1) / m) * Math.max(in, out) > LONGEST) {
            return false;
        }
        double tiles = (double) images * ((height + m - 1) / m) * columns;
        double products = 2 * tiles * in * out;
        double transforms = ELEMENT * tiles * (in + out * m / 4.0) + FACTOR * (double) in * out;
        double direct = 2.0 * sums * in * out * taps * taps;
        return Algorithm.PRODUCTS * (products + transforms) * MARGIN < direct;
    }

    /**
     * {@code dst = finish(src * weights)}.
     *
     * @param src source, [N, in, height, width] with neighbouring channels
     * @param weights weights, row-major [out, in, taps, taps]; [in, out, taps, taps] when {@code reverse}
     * @param reverse whether to convolve with the transpose of the weights, as for the gradient of the source
     * @param finish what becomes of the sums
     * @param dst result, [N, out, height, width] with neighbouring channels
     * @param padRows rows of zeros before the first one
     * @param padColumns columns of zeros before the first one
     * @param memory gives the address of the next of the {@linkplain #forwardBytes() stretches}, which stay until the end
     * @return whether all sums are finite. Where they are not, the result is of no use: the transforms spread an infinity over its
     *     tile as NaN, and overflow earlier than the direct sum
     */
    public boolean forward(
            Tensor src,
            Tensor weights,
            boolean reverse,
            Finish finish,
            Tensor dst,
            int padRows,
            int padColumns,
            LongUnaryOperator memory) {
        TileReader reader = new TileReader(grid, src, padRows, padColumns);
        TileWriter writer = new TileWriter(grid, dst, finish);
        Filters filters = new Filters(algorithm, weights);
        long tiles = tiles();
        Planes v = planes(memory, parts, tiles, in);
        Planes whole = planes(memory, parts, tiles, outBlock);
        Planes factors = planes(memory, 1, in, outBlock);
        boolean ready = false;
        AtomicBoolean finite = new AtomicBoolean(true);
        for (int row = 0; row < grid.allRows() && finite.get(); row += partRows * parts) {
            eachPart(row, (space, part, base, from, to) -> reader.data(space, part, base, from, to, v));
            for (int o = 0; o < out; o += outBlock) {
                int first = o;
                int columns = Math.min(outBlock, out - o);
                Planes u = new Planes(factors.address(), 1, in, columns);
                if (!ready) {
                    split(in, (space, from, to) -> filters.forward(space, from, to, first, u, reverse));
                    ready = outBlock == out;
                }
                Planes m = new Planes(whole.address(), parts, tiles, columns);
                product(v.all(), u.all(), m.all(), PostOps.NONE);
                eachPart(row, (space, part, base, from, to) -> {
                    if (!writer.write(space, part, base, from, to, m, first)) {
                        finite.set(false);
                    }
                });
            }
        }
        return finite.get();
    }

    /**
     * Gradient with respect to the weights; the outputs that the tiles cover are {@code diffDst}.
     *
     * @param src source, [N, in, height, width] with neighbouring channels
     * @param diffDst gradient of the result, [N, out, height, width] with neighbouring channels
     * @param diffWeights result, row-major [out, in, taps, taps]
     * @param padRows rows of zeros before the first one of the source
     * @param padColumns columns of zeros before the first one
     * @param memory gives the address of the next of the {@linkplain #backwardBytes() stretches}, which stay until the end
     */
    public void backwardWeights(
            Tensor src, Tensor diffDst, Tensor diffWeights, int padRows, int padColumns, LongUnaryOperator memory) {
        TileReader reader = new TileReader(grid, src, padRows, padColumns);
        TileReader spreader = new TileReader(grid, diffDst, 0, 0);
        Filters filters = new Filters(algorithm, diffWeights);
        int step = step();
        long tiles = transposedTiles();
        Planes v = planes(memory, parts, tiles, in);
        Planes z = planes(memory, parts, tiles, out);
        Planes sums = planes(memory, parts, step, in);
        for (int row = 0; row < grid.allRows(); row += partRows * parts) {
            boolean last = row + partRows * parts >= grid.allRows();
            eachPart(row, (space, part, base, from, to) -> {
                reader.data(space, part, base, from, to, v);
                spreader.spread(space, part, base, from, to, z);
            });
            for (int part = 0; part < parts; part++) {
                int rows = Math.max(0, Math.min(partRows, grid.allRows() - row - part * partRows));
                v.clear(part, (long) rows * grid.columns());
                z.clear(part, (long) rows * grid.columns());
            }
            for (int o = 0; o < out; o += step) {
                int first = o;
                int count = Math.min(step, out - o);
                Planes sum = new Planes(sums.address(), parts, count, in);
                product(z.turned(o, o + count), v.all(), sum.all(), row == 0 ? PostOps.NONE : PostOps.ACCUMULATE);
                if (last) {
                    split(count, (space, from, to) -> filters.gradient(space, from, to, first, sum));
                }
            }
        }
    }

    /**
     * The memory of {@link #forward}; it follows from sizes and the number of threads of the calling thread.
     *
     * @return bytes of each stretch, in the order in which they are taken
     */
    public long[] forwardBytes() {
        return new long[] {
            4 * Planes.size(parts, tiles(), in),
            4 * Planes.size(parts, tiles(), outBlock),
            4 * Planes.size(1, in, outBlock)
        };
    }

    /**
     * The memory of {@link #backwardWeights}; it follows from sizes and the number of threads of the calling thread.
     *
     * @return bytes of each stretch, in the order in which they are taken
     */
    public long[] backwardBytes() {
        long tiles = transposedTiles();
        return new long[] {
            4 * Planes.size(parts, tiles, in), 4 * Planes.size(parts, tiles, out), 4 * Planes.size(parts, step(), in)
        };
    }

    private long tiles() {
        return (long) partRows * grid.columns();
    }

    private long transposedTiles() {
        return Math.max(2, tiles()); // oneDNN errs with one column of a transposed matrix
    }

    /** Output channels whose gradients are summed at a time. */
    private int step() {
        return partRows * parts >= grid.allRows() ? outBlock : out;
    }

    private static Planes planes(LongUnaryOperator memory, int count, long rows, long columns) {
        long address = memory.applyAsLong(4 * Planes.size(count, rows, columns));
        return new Planes((address + 63) & -64L, count, rows, columns);
    }

    private static void product(Tensor a, Tensor b, Tensor dst, PostOps postOps) {
        if (!MatMul.run(a, b, null, dst, postOps)) {
            throw new IllegalStateException("convolution: oneDNN has no product of " + a + " and " + b);
        }
    }

    private interface PartBody {
        void run(Workspace space, int part, int base, int from, int to);
    }

    /**
     * Runs the parts of the block that begins at a row of tiles, a single part on all threads. The last parts of the last block
     * may have less rows than others, or none.
     */
    private void eachPart(int row, PartBody body) {
        int end = Math.min(grid.allRows(), row + parts * partRows);
        if (parts == 1) {
            split(end - row, (space, from, to) -> body.run(space, 0, row, row + from, row + to));
            return;
        }
        Workspace[] spaces = Workspace.of(parts);
        parallel.run(parts, part -> {
            int from = Math.min(end, row + part * partRows);
            body.run(spaces[part], part, from, from, Math.min(end, from + partRows));
        });
    }

    private interface Body {
        void run(Workspace space, int from, int to);
    }

    /** Splits a range evenly between the threads. */
    private void split(int size, Body body) {
        int count = parallel.partsFor(size, 1);
        Workspace[] spaces = Workspace.of(count);
        parallel.run(
                count,
                part -> body.run(spaces[part], (int) Parallel.split(size, count, part), (int)
                        Parallel.split(size, count, part + 1)));
    }
}
