package io.kiln.cpu.winograd;

import io.kiln.cpu.onednn.Tensor;
import io.kiln.ndarray.DType;

/**
 * The 36 matrices that are one operand of the products, one behind the other.
 *
 * @param address where they begin
 * @param rows rows of a matrix
 * @param columns columns of a matrix, neighbours in memory
 */
record Planes(long address, long rows, long columns) {
    private static final long ALIGNMENT = 16;

    /** More than a multiple of a page, so that equal elements of the matrices do not share their places in the caches. */
    private static final long PAGE = 1024;

    private static final long SKEW = 80;

    /** Elements from one matrix to the next. */
    static long stride(long rows, long columns) {
        return (rows * columns + PAGE - 1) / PAGE * PAGE + SKEW;
    }

    /** Elements of all matrices. */
    static long size(long rows, long columns) {
        return Algorithm.PRODUCTS * stride(rows, columns) + ALIGNMENT;
    }

    /** Address of a row of a matrix. */
    long at(int plane, long row) {
        return address + 4 * (plane * stride(rows, columns) + row * columns);
    }

    /** All matrices as an operand. */
    Tensor all() {
        return new Tensor(
                DType.FLOAT32,
                new long[] {Algorithm.PRODUCTS, rows, columns},
                new long[] {stride(rows, columns), columns, 1},
                address);
    }

    /** Columns of all matrices as an operand, transposed. */
    Tensor turned(long from, long to) {
        return new Tensor(
                DType.FLOAT32,
                new long[] {Algorithm.PRODUCTS, to - from, rows},
                new long[] {stride(rows, columns), 1, columns},
                address + 4 * from);
    }
}
