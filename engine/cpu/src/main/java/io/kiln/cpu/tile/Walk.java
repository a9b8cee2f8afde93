package io.kiln.cpu.tile;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.Shape;
import java.util.Arrays;

/**
 * How one array is traversed when all arrays of a run are visited in a common order of axes: its axes in that order,
 * with neighbours merged where its strides allow it. A dense array becomes one axis of stride 1, whatever its layout.
 */
final class Walk {
    private final DType dtype;
    private long address;
    private final int bytes;
    private final long[] sizes;
    private final long[] strides;
    private final long period;

    /**
     * Plans a walk.
     *
     * @param dtype type of the elements
     * @param address its first byte
     * @param shape the shape under which it is seen
     * @param arrayStrides its strides under that shape
     * @param order the axes, outermost first; axes of size 1 may be missing
     */
    Walk(DType dtype, long address, Shape shape, long[] arrayStrides, int[] order) {
        this.dtype = dtype;
        this.address = address;
        bytes = dtype.bytes();
        long[] n = new long[Math.max(1, order.length)];
        long[] s = new long[n.length];
        int rank = 0;
        for (int axis : order) {
            long size = shape.dim(axis);
            long stride = arrayStrides[axis];
            if (rank > 0 && s[rank - 1] == stride * size) {
                n[rank - 1] *= size;
                s[rank - 1] = stride;
            } else {
                n[rank] = size;
                s[rank++] = stride;
            }
        }
        if (rank == 0) {
            n[rank] = 1;
            s[rank++] = 1;
        }
        sizes = Arrays.copyOf(n, rank);
        strides = Arrays.copyOf(s, rank);
        long repeated = 0;
        if (rank > 1 && strides[0] == 0) {
            repeated = 1;
            for (int i = 1; i < rank; i++) {
                repeated *= sizes[i];
            }
        }
        period = repeated;
    }

    /**
     * Whether the array has one value for all elements.
     *
     * @return true if it is one axis of stride 0
     */
    boolean isUniform() {
        return strides.length == 1 && strides[0] == 0;
    }

    DType dtype() {
        return dtype;
    }

    /** Traverses another array of the same shape and strides from now on. */
    void at(long newAddress) {
        address = newAddress;
    }

    long address() {
        return address;
    }

    void load(Lanes lanes, int tile, long from, int count) {
        if (period != 0 && 2 * period <= count) {
            rows(lanes, tile, from, 0, (int) period, true);
            lanes.repeat(tile, (int) period, count);
        } else {
            load(lanes, tile, from, 0, count);
        }
    }

    /** Loads elements from, from + 1, … of the walk into a tile, starting there at index at. */
    void load(Lanes lanes, int tile, long from, int at, int count) {
        if (strides.length == 1) {
            lanes.load(dtype, address + from * strides[0] * bytes, strides[0], tile, at, count);
        } else {
            rows(lanes, tile, from, at, count, true);
        }
    }

    void store(Lanes lanes, int tile, long from, int count) {
        if (strides.length == 1) {
            lanes.store(dtype, address + from * strides[0] * bytes, strides[0], tile, 0, count);
        } else {
            rows(lanes, tile, from, 0, count, false);
        }
    }

    private void rows(Lanes lanes, int tile, long from, int at, int count, boolean load) {
        int inner = sizes.length - 1;
        long length = sizes[inner];
        long stride = strides[inner];
        long row = from / length;
        long column = from % length;
        int done = 0;
        while (done < count) {
            int n = (int) Math.min(length - column, count - done);
            long start = address + (rowOffset(row) + column * stride) * bytes;
            if (load) {
                lanes.load(dtype, start, stride, tile, at + done, n);
            } else {
                lanes.store(dtype, start, stride, tile, at + done, n);
            }
            done += n;
            column = 0;
            row++;
        }
    }

    private long rowOffset(long row) {
        long offset = 0;
        long rest = row;
        for (int i = sizes.length - 2; i > 0; i--) {
            offset += rest % sizes[i] * strides[i];
            rest /= sizes[i];
        }
        return offset + rest * strides[0];
    }
}
