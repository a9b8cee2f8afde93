package io.kiln.cpu.kernel;

import io.kiln.cpu.EngineThreads;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.IndexRangeException;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.op.Operator;
import io.kiln.op.internal.RowStarts;
import io.kiln.op.sparse.CsrDot;
import io.kiln.op.sparse.CsrSampledDot;
import java.util.Arrays;

/** Products of CSR matrices with dense ones, summed in float64. */
final class CsrKernels {
    private static final int GRAIN = 1 << 13;

    private CsrKernels() {}

    static void dot(Operator operator, NDArray[] in, NDArray[] outputs) {
        CsrDot op = (CsrDot) operator;
        int columns = Math.toIntExact(op.columns());
        int k = Math.toIntExact(outputs[0].shape().dim(1));
        long[] starts = starts(op, in[0], in[1]);
        int[] column = inRange(op, "columns", in[1], columns);
        try (Scope temporaries = Scope.open()) {
            double[] values = in[2].toDoubleArray();
            NDArray b = RealRows.of(HeapMath.as(in[3], RealRows.type(outputs[0].dtype())));
            NDArray y = RealRows.result(outputs[0]);
            if (op.transposed()) {
                transposed(starts, column, values, b, y, columns, k);
            } else {
                product(starts, column, values, b, y, k);
            }
            HeapMath.store(y, outputs[0]);
        }
    }

    private static void product(long[] starts, int[] column, double[] values, NDArray b, NDArray y, int k) {
        int rows = starts.length - 1;
        long perRow = Math.max(1, (long) k * values.length / Math.max(1, rows));
        EngineThreads.parallel().forRange(rows, Math.max(1, GRAIN / perRow), (from, to) -> {
            RealRows source = new RealRows(b);
            RealRows target = new RealRows(y);
            double[] sum = new double[k];
            double[] row = new double[k];
            for (int i = (int) from; i < to; i++) {
                Arrays.fill(sum, 0);
                for (int e = (int) starts[i]; e < starts[i + 1]; e++) {
                    source.get((long) column[e] * k, row, 0, k);
                    add(values[e], row, sum, 0, k);
                }
                target.put(sum, 0, (long) i * k, k);
            }
        });
    }

    static void bag(Operator operator, NDArray[] in, NDArray[] outputs) {
        int[] row = inRange(operator, "indices", in[1], in[0].shape().dim(0));
        long[] starts = starts(operator, in[3], in[1]);
        try (Scope temporaries = Scope.open()) {
            NDArray table = RealRows.of(in[0]);
            NDArray y = RealRows.result(outputs[0]);
            int k = Math.toIntExact(in[0].shape().dim(1));
            product(starts, row, in[2].toDoubleArray(), table, y, k);
            HeapMath.store(y, outputs[0]);
        }
    }

    /** Each thread owns a range of the columns of b and y, so that sums have a fixed order. */
    private static void transposed(
            long[] starts, int[] column, double[] values, NDArray b, NDArray y, int columns, int k) {
        EngineThreads.parallel().forRange(k, Math.max(1, GRAIN / Math.max(1, values.length)), (from, to) -> {
            int width = (int) (to - from);
            RealRows source = new RealRows(b);
            RealRows target = new RealRows(y);
            double[] sums = new double[Math.multiplyExact(columns, width)];
            double[] row = new double[width];
            for (int i = 0; i + 1 < starts.length; i++) {
                source.get((long) i * k + from, row, 0, width);
                for (int e = (int) starts[i]; e < starts[i + 1]; e++) {
                    add(values[e], row, sums, column[e] * width, width);
                }
            }
            for (int j = 0; j < columns; j++) {
                target.put(sums, j * width, (long) j * k + from, width);
            }
        });
    }

    private static void add(double factor, double[] row, double[] sum, int at, int n) {
        for (int j = 0; j < n; j++) {
            sum[at + j] += factor * row[j];
        }
    }

    static void sampled(Operator operator, NDArray[] in, NDArray[] outputs) {
        CsrSampledDot op = (CsrSampledDot) operator;
        int k = Math.toIntExact(in[2].shape().dim(1));
        long[] starts = starts(op, in[0], in[1]);
        int[] column = inRange(op, "columns", in[1], op.columns());
        double[] result = new double[column.length];
        try (Scope temporaries = Scope.open()) {
            DType type = RealRows.type(outputs[0].dtype());
            NDArray a = RealRows.of(HeapMath.as(in[2], type));
            NDArray b = RealRows.of(HeapMath.as(in[3], type));
            long perRow = Math.max(1, (long) k * column.length / Math.max(1, op.rows()));
            EngineThreads.parallel().forRange(op.rows(), Math.max(1, GRAIN / perRow), (from, to) -> {
                RealRows left = new RealRows(a);
                RealRows right = new RealRows(b);
                double[] x = new double[k];
                double[] y = new double[k];
                for (int i = (int) from; i < to; i++) {
                    left.get((long) i * k, x, 0, k);
                    for (int e = (int) starts[i]; e < starts[i + 1]; e++) {
                        right.get((long) column[e] * k, y, 0, k);
                        double sum = 0;
                        for (int j = 0; j < k; j++) {
                            sum += x[j] * y[j];
                        }
                        result[e] = sum;
                    }
                }
            });
            DoubleMath.INSTANCE.write(result, outputs[0]);
        }
    }

    private static int[] inRange(Operator operator, String argument, NDArray indices, long bound) {
        long[] all = indices.toLongArray();
        int[] narrow = new int[all.length];
        for (int i = 0; i < all.length; i++) {
            if (all[i] < 0 || all[i] >= Math.min(bound, Integer.MAX_VALUE)) {
                throw IndexRangeException.first(operator.name(), argument, indices, 0, bound - 1);
            }
            narrow[i] = (int) all[i];
        }
        return narrow;
    }

    private static long[] starts(Operator operator, NDArray indptr, NDArray indices) {
        long[] p = indptr.toLongArray();
        RowStarts.check(operator.name(), p, indices.size());
        return p;
    }
}
