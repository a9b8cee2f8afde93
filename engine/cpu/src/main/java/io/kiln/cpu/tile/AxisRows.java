package io.kiln.cpu.tile;

import io.kiln.cpu.EngineThreads;
import io.kiln.cpu.Parallel;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;

/** The rows of an array along one axis, numbered in row-major order of the other axes. */
final class AxisRows {
    /** Elements below which a second thread costs more than it saves. */
    private static final long GRAIN = 1 << 13;

    private final DType dtype;
    private final long address;
    private final long[] sizes;
    private final long[] strides;
    /** The number of rows. */
    final long count;
    /** The number of elements of a row. */
    final long length;
    /** The distance of neighbours in a row, in elements. */
    final long stride;

    AxisRows(NDArray x, int axis) {
        dtype = x.dtype();
        address = x.address();
        int rank = x.shape().rank();
        length = x.shape().dim(axis);
        stride = x.strides()[axis];
        sizes = new long[rank - 1];
        strides = new long[rank - 1];
        long rows = 1;
        for (int i = 0; i < rank - 1; i++) {
            int other = i < axis ? i : i + 1;
            sizes[i] = x.shape().dim(other);
            strides[i] = x.strides()[other];
            rows *= sizes[i];
        }
        count = rows;
    }

    /** The address of the first element of a row. */
    long start(long row) {
        long offset = 0;
        long rest = row;
        for (int i = sizes.length - 1; i >= 0; i--) {
            offset += rest % sizes[i] * strides[i];
            rest /= sizes[i];
        }
        return address + offset * dtype.bytes();
    }

    /** The address of an element of a row. */
    long at(long row, long index) {
        return start(row) + index * stride * dtype.bytes();
    }

    /** Loads elements of a row into the start of a tile. */
    void load(Lanes lanes, int tile, long row, long from, int n) {
        lanes.load(dtype, at(row, from), stride, tile, 0, n);
    }

    /** Stores the start of a tile into elements of a row. */
    void store(Lanes lanes, int tile, long row, long from, int n) {
        lanes.store(dtype, at(row, from), stride, tile, 0, n);
    }

    /** The work on some of the rows. */
    @FunctionalInterface
    interface Body {
        void run(Lanes lanes, long from, long to);
    }

    /** Divides the rows among the engine threads, each with its own lanes. */
    void share(DType compute, Body body) {
        Parallel parallel = EngineThreads.parallel();
        int parts = (int) Math.min(parallel.partsFor(count * length, GRAIN), Math.max(1, count));
        Lanes[] lanes = Scratch.current().wideLanes(compute, parts);
        if (parts == 1) {
            body.run(lanes[0], 0, count);
        } else {
            parallel.run(
                    parts,
                    p -> body.run(lanes[p], Parallel.split(count, parts, p), Parallel.split(count, parts, p + 1)));
        }
    }

    /** The compute type that represents every value of a dtype exactly. */
    static DType compute(DType type) {
        return type.isFloating() ? type.promote(DType.FLOAT32) : DType.INT64;
    }
}
