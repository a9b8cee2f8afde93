package io.kiln.cpu.kernel;

import io.kiln.cpu.EngineThreads;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.op.Operator;
import io.kiln.op.internal.AvgPoolGradient;
import io.kiln.op.internal.MaxPoolGather;
import io.kiln.op.internal.MaxPoolGradient;
import io.kiln.op.nn.AvgPool;
import io.kiln.op.nn.MaxPool;
import java.util.Arrays;
import java.util.List;

/** Pooling in plain Java, plane by plane, computed in double. */
final class JavaPooling {

    private JavaPooling() {}

    static void max(Operator operator, NDArray[] inputs, NDArray[] outputs) {
        MaxPool pool = (MaxPool) operator;
        Planes planes = new Planes(
                inputs[0].shape(), outputs[0].shape(), pool.kernel(), pool.stride(), pool.pad(), pool.dilation());
        try (Scope temporaries = Scope.open()) {
            double[] x = inputs[0].toDoubleArray();
            double[] y = new double[Math.toIntExact(outputs[0].shape().size())];
            double[] places = new double[y.length];
            planes.each((src, dst) -> {
                for (int p = 0; p < planes.positions; p++) {
                    int best = -1;
                    for (int t = 0; t < planes.taps; t++) {
                        int place = planes.places[p * planes.taps + t];
                        boolean wins = place >= 0 && (best < 0 || isAbove(x[src + place], y[dst + p]));
                        if (wins) {
                            best = t;
                            y[dst + p] = x[src + place];
                        }
                    }
                    places[dst + p] = best;
                }
            });
            DoubleMath.INSTANCE.write(y, outputs[0]);
            DoubleMath.INSTANCE.write(places, outputs[1]);
        }
    }

    /** NaN is above everything: a maximum must not lose it. */
    private static boolean isAbove(double a, double b) {
        return a > b || Double.isNaN(a) && !Double.isNaN(b);
    }

    static void maxGradient(Operator operator, NDArray[] inputs, NDArray[] outputs) {
        MaxPoolGradient pool = (MaxPoolGradient) operator;
        Planes planes = new Planes(
                outputs[0].shape(), inputs[0].shape(), pool.kernel(), pool.stride(), pool.pad(), pool.dilation());
        try (Scope temporaries = Scope.open()) {
            double[] dy = inputs[0].toDoubleArray();
            int[] chosen = inputs[1].toIntArray();
            double[] dx = new double[Math.toIntExact(outputs[0].shape().size())];
            planes.each((src, dst) -> {
                for (int p = 0; p < planes.positions; p++) {
                    dx[src + planes.places[p * planes.taps + chosen[dst + p]]] += dy[dst + p];
                }
            });
            DoubleMath.INSTANCE.write(dx, outputs[0]);
        }
    }

    static void maxGather(Operator operator, NDArray[] inputs, NDArray[] outputs) {
        MaxPoolGather pool = (MaxPoolGather) operator;
        Planes planes = new Planes(
                inputs[0].shape(), outputs[0].shape(), pool.kernel(), pool.stride(), pool.pad(), pool.dilation());
        try (Scope temporaries = Scope.open()) {
            double[] x = inputs[0].toDoubleArray();
            int[] chosen = inputs[1].toIntArray();
            double[] y = new double[Math.toIntExact(outputs[0].shape().size())];
            planes.each((src, dst) -> {
                for (int p = 0; p < planes.positions; p++) {
                    y[dst + p] = x[src + planes.places[p * planes.taps + chosen[dst + p]]];
                }
            });
            DoubleMath.INSTANCE.write(y, outputs[0]);
        }
    }

    static void average(Operator operator, NDArray[] inputs, NDArray[] outputs) {
        AvgPool pool = (AvgPool) operator;
        Planes planes = new Planes(
                inputs[0].shape(), outputs[0].shape(), pool.kernel(), pool.stride(), pool.pad(), pool.dilation());
        try (Scope temporaries = Scope.open()) {
            double[] x = inputs[0].toDoubleArray();
            double[] y = new double[Math.toIntExact(outputs[0].shape().size())];
            planes.each((src, dst) -> {
                for (int p = 0; p < planes.positions; p++) {
                    double sum = 0;
                    for (int t = 0; t < planes.taps; t++) {
                        int place = planes.places[p * planes.taps + t];
                        sum += place < 0 ? 0 : x[src + place];
                    }
                    y[dst + p] = sum / planes.divisor(p, pool.countPad(), pool.divisor());
                }
            });
            DoubleMath.INSTANCE.write(y, outputs[0]);
        }
    }

    static void averageGradient(Operator operator, NDArray[] inputs, NDArray[] outputs) {
        AvgPoolGradient pool = (AvgPoolGradient) operator;
        Planes planes = new Planes(
                outputs[0].shape(), inputs[0].shape(), pool.kernel(), pool.stride(), pool.pad(), pool.dilation());
        try (Scope temporaries = Scope.open()) {
            double[] dy = inputs[0].toDoubleArray();
            double[] dx = new double[Math.toIntExact(outputs[0].shape().size())];
            planes.each((src, dst) -> {
                for (int p = 0; p < planes.positions; p++) {
                    double share = dy[dst + p] / planes.divisor(p, pool.countPad(), pool.divisor());
                    for (int t = 0; t < planes.taps; t++) {
                        int place = planes.places[p * planes.taps + t];
                        if (place >= 0) {
                            dx[src + place] += share;
                        }
                    }
                }
            });
            DoubleMath.INSTANCE.write(dx, outputs[0]);
        }
    }

    /** Runs on one plane of source and destination. */
    private interface PlaneBody {
        void run(int src, int dst);
    }

    /** The planes of a pooling and, for each position and tap, the index that it reads in the source plane. */
    private static final class Planes {
        private static final int PADDING = -1;
        private static final int BEYOND = -2;

        final int count;
        final int srcSize;
        final int positions;
        final int taps;
        final int[] places;

        Planes(Shape src, Shape dst, List<Long> kernel, List<Long> stride, List<Long> pad, List<Long> dilation) {
            long[] window = Operands.array(kernel);
            long[] in = Arrays.copyOfRange(src.dims(), 2, src.rank());
            long[] out = Arrays.copyOfRange(dst.dims(), 2, dst.rank());
            this.count = Math.toIntExact(src.dim(0) * src.dim(1));
            this.srcSize = Math.toIntExact(Indices.count(in));
            this.positions = Math.toIntExact(Indices.count(out));
            this.taps = Math.toIntExact(Indices.count(window));
            this.places = new int[Math.multiplyExact(positions, taps)];
            long[] position = new long[out.length];
            for (int p = 0; p < positions; p++) {
                long[] tap = new long[window.length];
                for (int t = 0; t < taps; t++) {
                    long place = 0;
                    for (int i = 0; i < in.length && place != BEYOND; i++) {
                        long at = position[i] * stride.get(i) - pad.get(i) + tap[i] * dilation.get(i);
                        if (at >= in[i] + pad.get(i)) {
                            place = BEYOND;
                        } else {
                            place = place < 0 || at < 0 || at >= in[i] ? PADDING : place * in[i] + at;
                        }
                    }
                    places[p * taps + t] = (int) place;
                    Indices.next(tap, window);
                }
                Indices.next(position, out);
            }
        }

        long divisor(int position, boolean countPad, long given) {
            if (given > 0) {
                return given;
            }
            int counted = 0;
            for (int t = 0; t < taps; t++) {
                int place = places[position * taps + t];
                counted += place >= 0 || countPad && place == PADDING ? 1 : 0;
            }
            return counted;
        }

        void each(PlaneBody body) {
            EngineThreads.parallel().forRange(count, Math.max(1, 4096 / Math.max(1, positions)), (from, to) -> {
                for (int plane = (int) from; plane < to; plane++) {
                    body.run(plane * srcSize, plane * positions);
                }
            });
        }
    }
}
