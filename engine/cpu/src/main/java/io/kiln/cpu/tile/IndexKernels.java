package io.kiln.cpu.tile;

import io.kiln.cpu.EngineThreads;
import io.kiln.cpu.KernelTable;
import io.kiln.cpu.Parallel;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.IndexRangeException;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.internal.Memory;
import io.kiln.op.Copy;
import io.kiln.op.Dispatch;
import io.kiln.op.index.Gather;
import io.kiln.op.index.Scatter;
import io.kiln.op.index.ScatterAdd;
import io.kiln.op.index.ScatterMode;
import io.kiln.pointwise.Code;

/** Gathers and scatters entries by index. */
public final class IndexKernels {
    private static final long GRAIN = 1 << 14;
    private static final TileStep ADD = step(Code.ADD);
    private static final TileStep MUL = step(Code.MUL);
    private static final TileStep MIN = step(Code.MIN);
    private static final TileStep MAX = step(Code.MAX);

    private IndexKernels() {}

    private static TileStep step(Code code) {
        return TileStep.of(code, TileStep.Form.TILES, 0, 0, 1);
    }

    /**
     * Adds the kernels.
     *
     * @param table the table
     */
    public static void contribute(KernelTable table) {
        table.addRoutine(Gather.class, (o, in, out) -> gather(in[0], in[1], (Gather) o, out[0]));
        table.addRoutine(
                ScatterAdd.class, (o, in, out) -> scatter(in, ((ScatterAdd) o).axis(), ScatterMode.ADD, out[0]));
        table.addRoutine(
                Scatter.class, (o, in, out) -> scatter(in, ((Scatter) o).axis(), ((Scatter) o).mode(), out[0]));
    }

    /** An array seen as [outer, n, inner] around an axis. */
    private record Blocks(long outer, long n, long inner) {
        static Blocks of(Shape shape, int axis) {
            long outer = 1;
            long inner = 1;
            for (int i = 0; i < shape.rank(); i++) {
                outer *= i < axis ? shape.dim(i) : 1;
                inner *= i > axis ? shape.dim(i) : 1;
            }
            return new Blocks(outer, shape.dim(axis), inner);
        }
    }

    private static NDArray rowMajor(NDArray x) {
        return x.isContiguous() ? x : Dispatch.withoutGradient(new Copy(), x);
    }

    private static long[] indices(String operation, NDArray indices, int axis, long n, boolean fromEnd) {
        long[] values = indices.toLongArray();
        long least = fromEnd ? -n : 0;
        for (int i = 0; i < values.length; i++) {
            long v = values[i];
            if (v < least || v >= n) {
                throw IndexRangeException.first(operation + " (axis " + axis + ")", "indices", indices, least, n - 1);
            }
            values[i] = v < 0 ? v + n : v;
        }
        return values;
    }

    private static void gather(NDArray x, NDArray indices, Gather operator, NDArray y) {
        int axis = x.shape().axis(operator.axis());
        Blocks b = Blocks.of(x.shape(), axis);
        try (Scope temporaries = Scope.open()) {
            long[] index = indices("gather", indices, axis, b.n, operator.fromEnd());
            long from = rowMajor(x).address();
            long to = y.address();
            int bytes = x.dtype().bytes();
            long row = b.inner * bytes;
            EngineThreads.parallel()
                    .forRange(b.outer * index.length, Math.max(1, GRAIN / Math.max(1, b.inner)), (start, end) -> {
                        for (long i = start; i < end; i++) {
                            long source = i / index.length * b.n + index[(int) (i % index.length)];
                            copyRow(from + source * row, to + i * row, row);
                        }
                    });
        }
    }

    /**
     * Overwrites whole rows of an array.
     *
     * @param to the array, row-major
     * @param numbers indices of its rows, each at most once
     * @param rows the new rows, of the same dtype
     */
    public static void putRows(NDArray to, NDArray numbers, NDArray rows) {
        if (!to.isContiguous() || to.dtype() != rows.dtype()) {
            throw new IllegalArgumentException(
                    "putRows: needs a row-major array and rows of its dtype, got " + to.spec() + " and " + rows.spec());
        }
        try (Scope temporaries = Scope.open()) {
            long[] at = indices("putRows", numbers, 0, to.shape().dim(0), false);
            long from = rowMajor(rows).address();
            long width = Blocks.of(to.shape(), 0).inner * to.dtype().bytes();
            long address = to.address();
            EngineThreads.parallel().forRange(at.length, Math.max(1, GRAIN / Math.max(1, width)), (start, end) -> {
                for (long i = start; i < end; i++) {
                    copyRow(from + i * width, address + at[(int) i] * width, width);
                }
            });
        }
    }

    private static void copyRow(long from, long to, long bytes) {
        if (bytes == Float.BYTES) {
            Memory.putInt(to, Memory.getInt(from));
        } else if (bytes == Double.BYTES) {
            Memory.putLong(to, Memory.getLong(from));
        } else {
            Memory.copy(from, to, bytes);
        }
    }

    private static void scatter(NDArray[] in, int axis, ScatterMode mode, NDArray y) {
        Dispatch.into(new Copy(), new NDArray[] {in[0]}, y);
        Blocks b = Blocks.of(y.shape(), y.shape().axis(axis));
        try (Scope temporaries = Scope.open()) {
            long[] index = indices(
                    mode == ScatterMode.ADD ? "scatterAdd" : "scatter",
                    in[1],
                    y.shape().axis(axis),
                    b.n,
                    true);
            long from = rowMajor(in[2]).address();
            DType compute = AxisRows.compute(y.dtype());
            Parallel parallel = EngineThreads.parallel();
            // Each thread owns a range of target entries, so each entry receives its updates in order.
            long targets = b.outer * b.n;
            int parts =
                    (int) Math.min(parallel.partsFor(b.outer * index.length * b.inner, GRAIN), Math.max(1, targets));
            Lanes[] lanes = Scratch.current().lanes(compute, parts);
            parallel.run(targets == 0 ? 0 : parts, p -> {
                long first = Parallel.split(targets, parts, p);
                long end = Parallel.split(targets, parts, p + 1);
                for (long o = first / b.n; o < b.outer && o * b.n < end; o++) {
                    for (int i = 0; i < index.length; i++) {
                        long target = o * b.n + index[i];
                        if (target >= first && target < end) {
                            long update = (o * index.length + i) * b.inner;
                            putRow(mode, lanes[p], y.dtype(), y.address(), target * b.inner, from, update, b.inner);
                        }
                    }
                }
            });
        }
    }

    private static void putRow(
            ScatterMode mode, Lanes lanes, DType type, long to, long target, long from, long update, long n) {
        int bytes = type.bytes();
        if (mode == ScatterMode.SET) {
            copyRow(from + update * bytes, to + target * bytes, n * bytes);
            return;
        } else if (n == 1 && type == DType.FLOAT32 && mode == ScatterMode.ADD) {
            long p = to + target * bytes;
            Memory.putFloat(p, Memory.getFloat(p) + Memory.getFloat(from + update * bytes));
            return;
        }
        TileStep step =
                switch (mode) {
                    case MUL -> MUL;
                    case MIN -> MIN;
                    case MAX -> MAX;
                    default -> ADD;
                };
        for (long i = 0; i < n; i += Lanes.TILE) {
            int count = (int) Math.min(Lanes.TILE, n - i);
            lanes.load(type, to + (target + i) * bytes, 1, 0, 0, count);
            lanes.load(type, from + (update + i) * bytes, 1, 1, 0, count);
            lanes.run(step, count);
            lanes.store(type, to + (target + i) * bytes, 1, 0, 0, count);
        }
    }
}
