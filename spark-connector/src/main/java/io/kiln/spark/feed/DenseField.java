package io.kiln.spark.feed;

import io.kiln.backend.Backend;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.HostView;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.unsafe.Platform;

/** A field of rows of one shape, or of sequences that are padded with zeros. */
final class DenseField implements BatchField {
    private final Backend backend;
    private final DType dtype;
    private final long[] rowShape;
    private final Field.Lengths lengths;
    private final boolean nested;
    private final int padding;
    private final int[] rowLengths;
    private final List<int[]> innerLengths = new ArrayList<>();
    private int longest;
    private int innerLongest;
    private Shape shape;
    private long rowBytes;
    private NDArray memory;
    private NDArray part;
    private HostView filling;

    DenseField(Backend backend, Batch.Part form, int capacity) {
        this.backend = backend;
        this.dtype = form.dtype();
        this.rowShape = form.rowShape().stream().mapToLong(Long::longValue).toArray();
        this.lengths = form.lengths();
        this.nested = lengths != null && rowShape.length > 1 && rowShape[1] == Shape.UNKNOWN;
        this.padding = form.padding();
        this.rowLengths = new int[lengths == null ? 0 : capacity];
        if (lengths == null) {
            reserve(shape(capacity));
        }
    }

    private Shape shape(int rows) {
        long[] dims = new long[rowShape.length + 1];
        dims[0] = rows;
        System.arraycopy(rowShape, 0, dims, 1, rowShape.length);
        if (lengths != null && dims[1] == Shape.UNKNOWN) {
            dims[1] = lengths.padded(longest);
        }
        if (nested) {
            dims[2] = new Field.Lengths(0, List.of(), false).padded(innerLongest);
        }
        return Shape.of(dims);
    }

    private void reserve(Shape s) {
        if (memory == null || memory.size() < s.size()) {
            long size = memory == null ? s.size() : Math.max(s.size(), memory.size() / 2 * 3);
            close();
            memory = NDArray.empty(backend, Shape.of(size), dtype, new long[] {1})
                    .detach();
        }
    }

    @Override
    public void measure(int row, PackedColumn column, int at) {
        if (lengths == null) {
            return;
        }
        if (row == 0) {
            longest = 0;
            innerLongest = 0;
            innerLengths.clear();
        }
        rowLengths[row] = column.length(at);
        longest = Math.max(longest, rowLengths[row]);
        if (nested) {
            innerLongest = Math.max(innerLongest, column.innerLength(at));
            int[] inner = new int[rowLengths[row]];
            Arrays.setAll(inner, i -> column.innerLength(at, i));
            innerLengths.add(inner);
        }
    }

    @Override
    public void open(int rows) {
        if (rows == 0) {
            longest = 0;
            innerLongest = 0;
        }
        shape = shape(rows);
        reserve(shape);
        part = memory.view(shape, shape.contiguousStrides(), 0);
        rowBytes = rows == 0 ? 0 : dtype.bytes() * (shape.size() / rows);
        filling = part.write();
        if (lengths != null && rows > 0) {
            pad(filling.slice(0, rows * rowBytes));
        }
    }

    private void pad(HostView all) {
        if (padding == 0) {
            all.fill((byte) 0);
            return;
        }
        long end = all.address() + shape.size() * dtype.bytes();
        for (long at = all.address(); at < end; at += dtype.bytes()) {
            if (dtype == DType.INT64) {
                Platform.putLong(null, at, padding);
            } else {
                Platform.putInt(null, at, padding);
            }
        }
    }

    @Override
    public void put(int row, PackedColumn column, int at) {
        long address = address(row);
        if (lengths == null) {
            column.copyRow(at, address);
        } else if (nested) {
            column.copyNested(at, address, (int) shape.dim(2));
        } else {
            column.copySequence(at, address);
        }
    }

    /** Where the fixed-size row is while the field is open. */
    long address(int row) {
        return filling.slice(row * rowBytes, rowBytes).address();
    }

    @Override
    public void filled() {
        if (filling != null) {
            filling.close();
            filling = null;
            part.close();
        }
    }

    NDArray array(int rows) {
        Shape s = lengths == null ? shape(rows) : shape;
        return memory.view(s, s.contiguousStrides(), 0);
    }

    NDArray lengths(int rows) {
        return NDArray.of(Shape.of(rows), Arrays.copyOf(rowLengths, rows));
    }

    int length(int row) {
        return rowLengths[row];
    }

    NDArray shares(int rows) {
        int steps = (int) shape.dim(1);
        float[] shares = new float[Math.multiplyExact(rows, steps)];
        for (int i = 0; i < rows; i++) {
            Arrays.fill(shares, i * steps, i * steps + rowLengths[i], 1f / rowLengths[i]);
        }
        return NDArray.of(Shape.of(rows, steps), shares);
    }

    NDArray mask(int rows) {
        int steps = (int) shape.dim(1);
        int inner = nested ? (int) shape.dim(2) : 1;
        float[] mask = new float[Math.multiplyExact(Math.multiplyExact(rows, steps), inner)];
        for (int i = 0; i < rows; i++) {
            for (int t = 0; t < rowLengths[i]; t++) {
                int from = (i * steps + t) * inner;
                Arrays.fill(mask, from, from + (nested ? innerLengths.get(i)[t] : 1), 1);
            }
        }
        return NDArray.of(nested ? Shape.of(rows, steps, inner) : Shape.of(rows, steps), mask);
    }

    @Override
    public void close() {
        if (memory != null && !memory.isClosed()) {
            memory.close();
        }
    }
}
