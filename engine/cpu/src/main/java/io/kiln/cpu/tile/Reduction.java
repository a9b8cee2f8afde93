package io.kiln.cpu.tile;

import io.kiln.cpu.EngineThreads;
import io.kiln.cpu.Parallel;
import io.kiln.ndarray.Layout;
import io.kiln.ndarray.Shape;
import java.util.Arrays;
import java.util.List;

/**
 * A reduction of an array over some of its axes. In memory order the array is seen as [outer, rows, columns]: columns
 * are the kept axes that are closest together, rows all reduced axes, outer the remaining kept axes. Blocks of rows are
 * folded in halves, which is pairwise summation and runs in vector instructions for any number of columns.
 *
 * <p>The order in which elements are added depends on shape and strides alone, never on the number of threads.
 */
final class Reduction {
    /** Elements of a block of rows whose result is kept separately, so that threads can share a long reduction. */
    private static final long BLOCK = 1 << 16;

    private static final int MAX_BLOCKS = 64;
    /** Number of elements per outer index up to which several are loaded at once and reduced by a plain loop. */
    private static final int SMALL = 128;

    private static final long GRAIN = 1 << 15;

    private final Walk walk;
    private final long outer;
    private final long rows;
    private final long columns;
    private final int chunk;
    private final long chunks;
    private final long blockRows;
    private final long blocks;
    private final int[] keptOrder;

    /**
     * Plans a reduction.
     *
     * @param x layout of the array
     * @param address its first byte
     * @param axes the axes to reduce; none for all
     */
    Reduction(Layout x, long address, List<Long> axes) {
        Shape shape = x.shape();
        boolean[] reduced = new boolean[shape.rank()];
        for (int i = 0; i < reduced.length; i++) {
            reduced[i] = axes.isEmpty() || axes.contains((long) i);
        }
        int[] order = AxisOrder.of(x);
        int inner = order.length;
        while (inner > 0 && !reduced[order[inner - 1]]) {
            inner--;
        }
        int[] sorted = new int[order.length];
        int[] kept = new int[order.length];
        int n = 0;
        int k = 0;
        long[] sizes = {1, 1, 1};
        for (int group = 0; group < 3; group++) {
            for (int i = 0; i < order.length; i++) {
                int axis = order[i];
                if (group == (reduced[axis] ? 1 : i < inner ? 0 : 2)) {
                    sorted[n++] = axis;
                    sizes[group] *= shape.dim(axis);
                    if (group != 1) {
                        kept[k++] = axis;
                    }
                }
            }
        }
        keptOrder = Arrays.copyOf(kept, k);
        outer = sizes[0];
        rows = sizes[1];
        columns = sizes[2];
        walk = new Walk(x.dtype(), address, shape, x.strides(), sorted);
        chunk = (int) (columns <= Scratch.WIDE / 4 ? columns : Scratch.WIDE / 8);
        chunks = columns == 0 ? 0 : (columns + chunk - 1) / chunk;
        blockRows = Math.max(Math.max(1, BLOCK / Math.max(1, columns)), (rows + MAX_BLOCKS - 1) / MAX_BLOCKS);
        blocks = Math.max(1, (rows + blockRows - 1) / blockRows);
    }

    /** The number of elements per result. */
    long count() {
        return rows;
    }

    /** Dense strides of the result, for the shape of x with reduced axes of size 1, in the memory order of x. */
    long[] keptStrides(Shape kept) {
        long[] strides = new long[kept.rank()];
        long stride = 1;
        for (int i = keptOrder.length - 1; i >= 0; i--) {
            int axis = keptOrder[i];
            if (kept.dim(axis) != 1) {
                strides[axis] = stride;
                stride *= kept.dim(axis);
            }
        }
        for (int i = 0; i < strides.length; i++) {
            strides[i] = strides[i] == 0 ? stride : strides[i];
        }
        return strides;
    }

    /**
     * Runs the reduction.
     *
     * @param folders creates the folders, one for each part
     * @param y address of the dense result
     */
    void run(Folder.Factory folders, long y) {
        if (outer * columns == 0) {
            return;
        }
        boolean small = columns <= SMALL && rows * columns <= SMALL;
        Parallel parallel = EngineThreads.parallel();
        int parts = parallel.partsFor(outer * rows * columns, GRAIN);
        Folder[] folder = folders.make(parts);
        if (small) {
            split(parallel, Math.min(parts, (int) Math.min(outer, 1 << 16)), outer, (part, from, to) -> {
                runSmall(folder[part], from, to, y);
            });
            return;
        }
        long tasks = outer * chunks * blocks;
        Folder.Partials partials = blocks == 1 ? null : folder[0].partials(Math.toIntExact(tasks), chunk);
        split(parallel, (int) Math.min(parts, tasks), tasks, (part, from, to) -> {
            for (long t = from; t < to; t++) {
                task(folder[part], t, partials, y);
            }
        });
        if (partials != null) {
            for (long g = 0; g < outer * chunks; g++) {
                folder[0].begin(chunk);
                for (long b = 0; b < blocks; b++) {
                    folder[0].merge(partials, (int) (g * blocks + b), chunk);
                }
                finish(folder[0], g, y);
            }
        }
    }

    private interface Body {
        void run(int part, long from, long to);
    }

    private static void split(Parallel parallel, int parts, long size, Body body) {
        if (parts <= 1) {
            body.run(0, 0, size);
        } else {
            parallel.run(parts, p -> body.run(p, Parallel.split(size, parts, p), Parallel.split(size, parts, p + 1)));
        }
    }

    private void runSmall(Folder folder, long from, long to, long y) {
        long size = rows * columns;
        int most = (int) (Scratch.WIDE / Math.max(1, Math.max(size, columns)));
        for (long o = from; o < to; o += most) {
            int n = (int) Math.min(most, to - o);
            if (size > 0) {
                walk.load(folder.lanes, 0, o * size, (int) (n * size));
            }
            folder.small(n, (int) rows, (int) columns);
            folder.store(y, o * columns, (int) (n * columns));
        }
    }

    private void task(Folder folder, long task, Folder.Partials partials, long y) {
        long block = task % blocks;
        long group = task / blocks;
        long start = group % chunks * chunk;
        int n = (int) Math.min(chunk, columns - start);
        long first = group / chunks * rows;
        long end = Math.min(rows, (block + 1) * blockRows);
        int most = Scratch.WIDE / n;
        folder.begin(n);
        for (long r = block * blockRows; r < end; r += most) {
            int m = (int) Math.min(most, end - r);
            if (n == columns) {
                walk.load(folder.lanes, 0, (first + r) * columns, m * n);
            } else {
                for (int i = 0; i < m; i++) {
                    walk.load(folder.lanes, 0, (first + r + i) * columns + start, i * n, n);
                }
            }
            folder.fold(m, n);
        }
        if (partials == null) {
            finish(folder, group, y);
        } else {
            folder.save(partials, (int) task, n);
        }
    }

    private void finish(Folder folder, long group, long y) {
        long start = group % chunks * chunk;
        int n = (int) Math.min(chunk, columns - start);
        folder.result(n);
        folder.store(y, group / chunks * columns + start, n);
    }
}
