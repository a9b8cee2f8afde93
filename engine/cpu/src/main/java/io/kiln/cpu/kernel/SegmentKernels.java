package io.kiln.cpu.kernel;

import io.kiln.cpu.EngineThreads;
import io.kiln.ndarray.IndexRangeException;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.op.Operator;

/** Largest and smallest elements of segments of rows. */
final class SegmentKernels {
    private static final int GRAIN = 1 << 14;

    private SegmentKernels() {}

    static void max(Operator operator, NDArray[] in, NDArray[] outputs) {
        extreme("segmentMax", in, outputs[0], true);
    }

    static void min(Operator operator, NDArray[] in, NDArray[] outputs) {
        extreme("segmentMin", in, outputs[0], false);
    }

    private static void extreme(String operation, NDArray[] in, NDArray output, boolean largest) {
        Shape y = output.shape();
        int count = Math.toIntExact(y.dim(0));
        long[] segment = in[1].toLongArray();
        for (long s : segment) {
            if (s < 0 || s >= count) {
                throw IndexRangeException.first(operation, "segments", in[1], 0, count - 1);
            }
        }
        if (!output.dtype().isFloating()) {
            wholeNumbers(in[0], segment, output, largest);
            return;
        }
        int width = Math.toIntExact(count == 0 ? 0 : y.size() / count);
        try (Scope temporaries = Scope.open()) {
            NDArray x = RealRows.of(in[0]);
            NDArray result = RealRows.result(output);
            // Each thread owns a range of columns, so that rows of one segment are processed in order.
            EngineThreads.parallel()
                    .forRange(
                            width,
                            Math.max(1, GRAIN / Math.max(1, segment.length)),
                            (from, to) -> columns(
                                    new RealRows(x),
                                    new RealRows(result),
                                    segment,
                                    count,
                                    width,
                                    (int) from,
                                    (int) (to - from),
                                    largest));
            HeapMath.store(result, output);
        }
    }

    private static void columns(
            RealRows x, RealRows y, long[] segment, int count, int width, int first, int n, boolean largest) {
        double[] best = new double[Math.multiplyExact(count, n)];
        boolean[] seen = new boolean[count];
        double[] row = new double[n];
        for (int i = 0; i < segment.length; i++) {
            x.get((long) i * width + first, row, 0, n);
            int s = (int) segment[i];
            for (int j = 0; j < n; j++) {
                double b = best[s * n + j];
                best[s * n + j] = !seen[s] ? row[j] : largest ? Math.max(b, row[j]) : Math.min(b, row[j]);
            }
            seen[s] = true;
        }
        for (int s = 0; s < count; s++) {
            y.put(best, s * n, (long) s * width + first, n);
        }
    }

    private static void wholeNumbers(NDArray values, long[] segment, NDArray output, boolean largest) {
        long[] x = values.toLongArray();
        long[] y = new long[Math.toIntExact(output.shape().size())];
        int width = segment.length == 0 ? 0 : x.length / segment.length;
        boolean[] seen = new boolean[(int) output.shape().dim(0)];
        for (int i = 0; i < segment.length; i++) {
            int s = (int) segment[i];
            for (int j = 0; j < width; j++) {
                long v = x[i * width + j];
                long b = y[s * width + j];
                y[s * width + j] = !seen[s] ? v : largest ? Math.max(b, v) : Math.min(b, v);
            }
            seen[s] = true;
        }
        HeapMath.write(y, output);
    }
}
