package io.kiln.cpu.kernel;

import io.kiln.cpu.EngineThreads;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.op.Operator;
import io.kiln.op.reduce.CumulativeMax;
import io.kiln.op.reduce.CumulativeMin;
import io.kiln.op.reduce.CumulativeProduct;

/** Running products, maxima and minima along an axis. */
final class ScanKernels {
    private ScanKernels() {}

    /** The work along one row: elements from start, start + step, … of arrays of [outer, n, inner]. */
    private interface RowBody {
        void run(int start, int step, int n);
    }

    private static void rows(Shape shape, int axis, RowBody body) {
        int a = shape.axis(axis);
        int n = Math.toIntExact(shape.dim(a));
        int inner = 1;
        for (int i = a + 1; i < shape.rank(); i++) {
            inner = Math.multiplyExact(inner, Math.toIntExact(shape.dim(i)));
        }
        int step = inner;
        long rows = n == 0 ? 0 : shape.size() / n;
        EngineThreads.parallel().forRange(rows, Math.max(1, 8192 / Math.max(1, n)), (from, to) -> {
            for (long r = from; r < to; r++) {
                body.run(Math.toIntExact(r / step * step * n + r % step), step, n);
            }
        });
    }

    static void product(Operator operator, NDArray[] in, NDArray[] outputs) {
        int axis = ((CumulativeProduct) operator).axis();
        if (outputs[0].dtype().isFloating()) {
            double[] x = in[0].toDoubleArray();
            rows(outputs[0].shape(), axis, (start, step, n) -> {
                for (int i = 1; i < n; i++) {
                    x[start + i * step] *= x[start + (i - 1) * step];
                }
            });
            DoubleMath.INSTANCE.write(x, outputs[0]);
        } else {
            long[] x = in[0].toLongArray();
            rows(outputs[0].shape(), axis, (start, step, n) -> {
                for (int i = 1; i < n; i++) {
                    x[start + i * step] *= x[start + (i - 1) * step];
                }
            });
            HeapMath.write(x, outputs[0]);
        }
    }

    static void max(Operator operator, NDArray[] in, NDArray[] outputs) {
        extreme(in[0], ((CumulativeMax) operator).axis(), outputs, true);
    }

    static void min(Operator operator, NDArray[] in, NDArray[] outputs) {
        extreme(in[0], ((CumulativeMin) operator).axis(), outputs, false);
    }

    private static void extreme(NDArray x, int axis, NDArray[] outputs, boolean largest) {
        long[] places = new long[Math.toIntExact(x.size())];
        if (x.dtype().isFloating()) {
            double[] v = x.toDoubleArray();
            rows(x.shape(), axis, (start, step, n) -> {
                for (int i = 1; i < n; i++) {
                    int at = start + i * step;
                    double before = v[at - step];
                    boolean wins = Double.isNaN(v[at]) || (largest ? v[at] >= before : v[at] <= before);
                    places[at] = wins ? i : places[at - step];
                    v[at] = wins ? v[at] : before;
                }
            });
            DoubleMath.INSTANCE.write(v, outputs[0]);
        } else {
            long[] v = x.toLongArray();
            rows(x.shape(), axis, (start, step, n) -> {
                for (int i = 1; i < n; i++) {
                    int at = start + i * step;
                    boolean wins = largest ? v[at] >= v[at - step] : v[at] <= v[at - step];
                    places[at] = wins ? i : places[at - step];
                    v[at] = wins ? v[at] : v[at - step];
                }
            });
            HeapMath.write(v, outputs[0]);
        }
        HeapMath.write(places, outputs[1]);
    }
}
