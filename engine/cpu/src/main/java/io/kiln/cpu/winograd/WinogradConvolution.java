package io.kiln.cpu.winograd;

import io.kiln.cpu.EngineThreads;
import io.kiln.cpu.Parallel;
import io.kiln.cpu.onednn.MatMul;
import io.kiln.cpu.onednn.PostOps;
import io.kiln.cpu.onednn.Tensor;
import java.util.function.LongUnaryOperator;

/**
 * A convolution of stride 1 by Winograd's minimal filtering: tiles of the source and the weights are transformed, 36 matrix
 * products over the channels take the place of the sums over taps, and the products are transformed into tiles of the result.
 * 3×3 taps need a quarter of the multiplications of the direct sum, 5×5 taps 36/100.
 *
 * <p>Tiles are taken in blocks whose transforms stay in the caches, and output channels in blocks where the transformed weights
 * would not. The split into blocks follows from sizes and the number of threads alone, so results have the same bits in every run.
 *
 * <p>Sources: S. Winograd, Arithmetic Complexity of Computations, SIAM 1980; A. Lavin and S. Gray, Fast Algorithms for
 * Convolutional Neural Networks, arXiv 1509.09308.
 *
 * <p>Concurrency: an instance belongs to the thread that made it, for the length of one kernel.
 */
public final class WinogradConvolution {
    /** Transforms of a block of tiles: the second-level caches of two cores and some of the third-level one. */
    private static final long BLOCK_BYTES = Long.getLong("wino.block", 4L << 20);

    /** Transforms of a block of tiles where each block transforms the weights anew. */
    private static final long LARGE_BLOCK_BYTES = 12L << 20;

    /** Transformed weights that stay in the third-level cache. */
    private static final long FACTOR_BYTES = 10L << 20;

    private static final int COLUMNS = 64;

    private final Algorithm algorithm;
    private final Grid grid;
    private final LongUnaryOperator memory;
    private final Parallel parallel = EngineThreads.parallel();
    private final int in;
    private final int out;
    private final int outBlock;
    private final int rowBlock;

    /**
     * Plans a convolution.
     *
     * @param taps sizes of the window, 3 or 5 along both axes
     * @param outputs what the tiles cover, [N, ·, height, width]
     * @param in input channels
     * @param out output channels
     * @param memory gives the address of a number of bytes that stay until the end of the kernel
     */
    public WinogradConvolution(int taps, Tensor outputs, int in, int out, LongUnaryOperator memory) {
        this.algorithm = taps == 3 ? Algorithm.THREE_TAPS : Algorithm.FIVE_TAPS;
        this.grid = Grid.over(algorithm, outputs);
        this.memory = memory;
        this.in = in;
        this.out = out;
        long column = 4L * Algorithm.PRODUCTS * in;
        boolean whole = column * out <= FACTOR_BYTES;
        this.outBlock = whole ? out : (int) Math.min(out, Math.max(1, FACTOR_BYTES / 2 / column / COLUMNS) * COLUMNS);
        long row = 4L * Algorithm.PRODUCTS * grid.columns() * (in + outBlock);
        long most = Math.max(1, (whole ? BLOCK_BYTES : LARGE_BLOCK_BYTES) / row);
        long blocks = (grid.allRows() + most - 1) / most;
        this.rowBlock = Math.toIntExact((grid.allRows() + blocks - 1) / blocks);
    }

    /**
     * {@code dst = act(src * weights + bias)}.
     *
     * @param src source, [N, in, height, width] with neighbouring channels
     * @param weights weights, row-major [out, in, taps, taps]; [in, out, taps, taps] when {@code reverse}
     * @param reverse whether to convolve with the transpose of the weights, as for the gradient of the source
     * @param bias numbers that are added to the channels, or null
     * @param rectify whether negative results become 0
     * @param dst result, [N, out, height, width] with neighbouring channels
     * @param padRows rows of zeros before the first one
     * @param padColumns columns of zeros before the first one
     */
    public void forward(
            Tensor src,
            Tensor weights,
            boolean reverse,
            float[] bias,
            boolean rectify,
            Tensor dst,
            int padRows,
            int padColumns) {
        TileReader reader = new TileReader(grid, src, padRows, padColumns);
        TileWriter writer = new TileWriter(grid, dst, bias, rectify);
        Filters filters = new Filters(algorithm, weights);
        long tiles = (long) rowBlock * grid.columns();
        long sources = allocate(tiles, in);
        long products = allocate(tiles, outBlock);
        long factors = allocate(in, outBlock);
        boolean ready = false;
        for (int row = 0; row < grid.allRows(); row += rowBlock) {
            int base = row;
            int end = Math.min(grid.allRows(), row + rowBlock);
            long count = (long) (end - row) * grid.columns();
            Planes v = new Planes(sources, count, in);
            each(row, end, (space, from, to) -> reader.data(space, from, to, base, v));
            for (int o = 0; o < out; o += outBlock) {
                int first = o;
                Planes u = new Planes(factors, in, Math.min(outBlock, out - o));
                if (!ready) {
                    each(0, in, (space, from, to) -> filters.forward(space, from, to, first, u, reverse));
                    ready = outBlock == out;
                }
                Planes m = new Planes(products, count, u.columns());
                product(v.all(), u.all(), m.all(), PostOps.NONE);
                each(base, end, (space, from, to) -> writer.write(space, from, to, base, m, first));
            }
        }
    }

    /**
     * Gradient with respect to the weights; the outputs that the tiles cover are {@code diffDst}.
     *
     * @param src source, [N, in, height, width] with neighbouring channels
     * @param diffDst gradient of the result, [N, out, height, width] with neighbouring channels
     * @param diffWeights result, row-major [out, in, taps, taps]
     * @param padRows rows of zeros before the first one of the source
     * @param padColumns columns of zeros before the first one
     */
    public void backwardWeights(Tensor src, Tensor diffDst, Tensor diffWeights, int padRows, int padColumns) {
        TileReader reader = new TileReader(grid, src, padRows, padColumns);
        TileReader spreader = new TileReader(grid, diffDst, 0, 0);
        Filters filters = new Filters(algorithm, diffWeights);
        boolean once = rowBlock == grid.allRows();
        int step = once ? outBlock : out;
        long tiles = (long) rowBlock * grid.columns();
        long sources = allocate(tiles, in);
        long gradients = allocate(tiles, out);
        long sums = allocate(step, in);
        for (int row = 0; row < grid.allRows(); row += rowBlock) {
            int base = row;
            int end = Math.min(grid.allRows(), row + rowBlock);
            long count = (long) (end - row) * grid.columns();
            Planes v = new Planes(sources, count, in);
            Planes z = new Planes(gradients, count, out);
            each(row, end, (space, from, to) -> {
                reader.data(space, from, to, base, v);
                spreader.spread(space, from, to, base, z);
            });
            for (int o = 0; o < out; o += step) {
                int first = o;
                Planes sum = new Planes(sums, Math.min(step, out - o), in);
                Tensor left = z.turned(o, o + sum.rows());
                product(left, v.all(), sum.all(), row == 0 ? PostOps.NONE : PostOps.ACCUMULATE);
                if (end == grid.allRows()) {
                    each(0, (int) sum.rows(), (space, from, to) -> filters.gradient(space, from, to, first, sum));
                }
            }
        }
    }

    private long allocate(long rows, long columns) {
        return (memory.applyAsLong(4 * Planes.size(rows, columns)) + 63) & -64L;
    }

    private static void product(Tensor a, Tensor b, Tensor dst, PostOps postOps) {
        if (!MatMul.run(a, b, null, dst, postOps)) {
            throw new IllegalStateException("convolution: oneDNN has no product of " + a + " and " + b);
        }
    }

    private interface Body {
        void run(Workspace space, int from, int to);
    }

    /** Splits a range evenly between the threads. */
    private void each(int from, int to, Body body) {
        int parts = parallel.partsFor(to - from, 1);
        Workspace[] spaces = Workspace.of(parts);
        parallel.run(
                parts,
                part -> body.run(
                        spaces[part],
                        from + (int) Parallel.split(to - from, parts, part),
                        from + (int) Parallel.split(to - from, parts, part + 1)));
    }
}
