package io.kiln.cpu.winograd;

import io.kiln.cpu.onednn.Tensor;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.internal.Memory;

/**
 * The 36 matrices that are one operand of the products, one behind the other, for each of some parts of the work.
 *
 * @param address where they begin
 * @param parts parts, each of which one thread makes and uses
 * @param rows rows of a matrix of one part
 * @param columns columns of a matrix, neighbours in memory
 */
record Planes(long address, int parts, long rows, long columns) {
    private static final long ALIGNMENT = 16;

    /** More than a multiple of a page, so that equal elements of the matrices do not share their places in the caches. */
    private static final long PAGE = 1024;

    private static final long SKEW = 80;

    /** Elements from one matrix to the next. */
    private static long stride(long rows, long columns) {
        return (rows * columns + PAGE - 1) / PAGE * PAGE + SKEW;
    }

    /** Elements of all matrices. */
    static long size(int parts, long rows, long columns) {
        return Math.multiplyExact(parts * Algorithm.PRODUCTS, stride(rows, columns)) + ALIGNMENT;
    }

    /** Address of a row of a matrix of a part. */
    long at(int part, int plane, long row) {
        return address + 4 * ((part * Algorithm.PRODUCTS + plane) * stride(rows, columns) + row * columns);
    }

    /** Zeroes a part's rows from one on. */
    void clear(int part, long from) {
        for (int plane = 0; plane < Algorithm.PRODUCTS && from < rows; plane++) {
            Memory.fill(at(part, plane, from), 4 * (rows - from) * columns, (byte) 0);
        }
    }

    /** All matrices as an operand. */
    Tensor all() {
        return operand(rows, columns, columns, 1, address);
    }

    /** Columns of all matrices as an operand, transposed. */
    Tensor turned(long from, long to) {
        return operand(to - from, rows, 1, columns, address + 4 * from);
    }

    private Tensor operand(long height, long width, long rowStride, long columnStride, long where) {
        long stride = stride(rows, columns);
        return new Tensor(
                DType.FLOAT32,
                new long[] {parts, Algorithm.PRODUCTS, height, width},
                new long[] {Algorithm.PRODUCTS * stride, stride, rowStride, columnStride},
                where);
    }
}
