package io.kiln.spark.feed;

import io.kiln.backend.Backend;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.HostView;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import java.util.List;
import org.apache.spark.unsafe.Platform;

/**
 * A field of sparse rows, as a CSR matrix. Indices and values are padded to few different lengths, so that few programs are
 * compiled: the last row gets zeros in its last column, or in the last one of the row before it.
 */
final class CsrField implements BatchField {
    private static final Field.Lengths LENGTHS = new Field.Lengths(0, List.of(), false);

    private final Backend backend;
    private final int[] ends;
    private int total;
    private int rows;
    private NDArray indices;
    private NDArray values;
    private NDArray indptr;
    private NDArray[] parts;
    private HostView[] filling;

    CsrField(Backend backend, int capacity) {
        this.backend = backend;
        this.ends = new int[capacity + 1];
        this.indptr = empty(capacity + 1, DType.INT32);
    }

    private NDArray empty(long size, DType dtype) {
        return NDArray.empty(backend, Shape.of(size), dtype, new long[] {1}).detach();
    }

    @Override
    public void measure(int row, PackedColumn column, int at) {
        total = Math.addExact(row == 0 ? 0 : total, column.entries(at));
        ends[row + 1] = total;
    }

    private int padded() {
        return total == 0 ? 0 : LENGTHS.padded(total);
    }

    @Override
    public void open(int count) {
        rows = count;
        total = count == 0 ? 0 : total;
        int size = padded();
        if (indices == null || indices.size() < size) {
            long larger = indices == null ? size : Math.max(size, indices.size() / 2 * 3);
            free();
            indices = empty(larger, DType.INT32);
            values = empty(larger, DType.FLOAT32);
        }
        parts = arrays();
        filling = new HostView[] {parts[0].write(), parts[1].write(), parts[2].write()};
    }

    @Override
    public void put(int row, PackedColumn column, int at) {
        long from = 4L * ends[row];
        column.copyEntries(at, filling[0].address() + from, filling[1].address() + from);
    }

    @Override
    public void filled() {
        if (filling == null) {
            return;
        }
        int size = padded();
        if (size > 0) {
            long last = filling[0].address() + 4L * (total - 1);
            for (int i = total; i < size; i++) {
                Platform.putInt(null, filling[0].address() + 4L * i, Platform.getInt(null, last));
                Platform.putFloat(null, filling[1].address() + 4L * i, 0);
            }
        }
        for (int i = 0; i <= rows; i++) {
            Platform.putInt(null, filling[2].address() + 4L * i, i == rows ? size : ends[i]);
        }
        for (int k = 0; k < parts.length; k++) {
            filling[k].close();
            parts[k].close();
        }
        filling = null;
    }

    /** Indices and values, both [n], and indptr [rows + 1]. */
    NDArray[] arrays() {
        return new NDArray[] {view(indices, padded()), view(values, padded()), view(indptr, rows + 1)};
    }

    private static NDArray view(NDArray memory, long size) {
        return memory.view(Shape.of(size), new long[] {1}, 0);
    }

    private void free() {
        if (indices != null) {
            indices.close();
            values.close();
        }
    }

    @Override
    public void close() {
        free();
        indptr.close();
    }
}
