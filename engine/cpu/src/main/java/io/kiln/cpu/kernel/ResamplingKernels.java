package io.kiln.cpu.kernel;

import io.kiln.cpu.EngineThreads;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.op.Operator;
import io.kiln.op.internal.InterpolateGradient;
import io.kiln.op.internal.Resampling;
import io.kiln.op.vision.Interpolate;
import io.kiln.op.vision.InterpolationMode;
import java.util.Arrays;
import java.util.Map;

/** Interpolation of planes and its gradient. */
final class ResamplingKernels {
    private static final int GRAIN = 1 << 13;

    private ResamplingKernels() {}

    static void forward(Operator operator, NDArray[] in, NDArray[] outputs) {
        Interpolate op = (Interpolate) operator;
        Taps taps = taps(in[0].shape(), outputs[0].shape(), op.mode(), op.alignCorners(), op.antialias());
        run(in[0], outputs[0], taps::gather);
    }

    static void gradient(Operator operator, NDArray[] in, NDArray[] outputs) {
        InterpolateGradient op = (InterpolateGradient) operator;
        Taps taps = taps(outputs[0].shape(), in[0].shape(), op.mode(), op.alignCorners(), op.antialias());
        run(in[0], outputs[0], (from, to, first, positions) -> {
            Arrays.fill(to, 0);
            taps.scatter(from, to, first, Math.toIntExact(plane(in[0].shape())));
        });
    }

    /** Maps one plane into another. */
    private interface Map {
        void run(double[] from, double[] to, int first, int positions);
    }

    private static long plane(Shape shape) {
        long n = 1;
        for (int i = 2; i < shape.rank(); i++) {
            n *= shape.dim(i);
        }
        return n;
    }

    private static void run(NDArray input, NDArray output, Map map) {
        int from = Math.toIntExact(plane(input.shape()));
        int to = Math.toIntExact(plane(output.shape()));
        long planes = output.shape().dim(0) * output.shape().dim(1);
        try (Scope temporaries = Scope.open()) {
            NDArray x = RealRows.of(input);
            NDArray y = RealRows.result(output);
            EngineThreads.parallel().forRange(planes, Math.max(1, GRAIN / Math.max(from, to)), (start, end) -> {
                RealRows source = new RealRows(x);
                RealRows target = new RealRows(y);
                double[] a = new double[from];
                double[] b = new double[to];
                for (long p = start; p < end; p++) {
                    source.get(p * from, a, 0, from);
                    map.run(a, b, 0, to);
                    target.put(b, 0, p * to, to);
                }
            });
            HeapMath.store(y, output);
        }
    }

    private static Taps taps(Shape from, Shape to, InterpolationMode mode, boolean alignCorners, boolean antialias) {
        int rank = from.rank() - 2;
        Resampling[] axes = new Resampling[rank];
        for (int i = 0; i < rank; i++) {
            axes[i] = Resampling.of(mode, alignCorners, antialias, from.dim(i + 2), to.dim(i + 2));
        }
        int positions = Math.toIntExact(plane(to));
        Taps taps = new Taps(positions);
        long[] size = Arrays.copyOfRange(to.dims(), 2, rank + 2);
        long[] at = new long[rank];
        for (int p = 0; p < positions; p++) {
            long combinations = 1;
            for (int i = 0; i < rank; i++) {
                combinations *= axes[i].taps((int) at[i]);
            }
            for (long k = 0; k < combinations; k++) {
                long rest = k;
                long place = 0;
                double weight = 1;
                for (int i = 0; i < rank; i++) {
                    int perAxis = axes[i].taps((int) at[i]);
                    int tap = (int) (rest % perAxis);
                    rest /= perAxis;
                    place = place * from.dim(i + 2) + axes[i].place((int) at[i], tap);
                    weight *= axes[i].weight((int) at[i], tap);
                }
                taps.add((int) place, weight);
            }
            taps.next();
            Indices.next(at, size);
        }
        return taps;
    }
}
