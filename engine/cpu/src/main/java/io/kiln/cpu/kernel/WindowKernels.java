package io.kiln.cpu.kernel;

import io.kiln.cpu.EngineThreads;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.op.Operator;
import io.kiln.op.nn.Fold;
import io.kiln.op.nn.Unfold;
import java.util.Arrays;

/** Windows of images as columns, and back. */
final class WindowKernels {
    private WindowKernels() {}

    static void unfold(Operator operator, NDArray[] in, NDArray[] outputs) {
        Unfold op = (Unfold) operator;
        run(op, in[0].shape(), outputs[0].shape(), in[0], outputs[0], true);
    }

    static void fold(Operator operator, NDArray[] in, NDArray[] outputs) {
        Fold f = (Fold) operator;
        Unfold op = new Unfold(f.kernel(), f.stride(), f.pad(), f.dilation());
        run(op, outputs[0].shape(), in[0].shape(), in[0], outputs[0], false);
    }

    private static void run(Unfold op, Shape image, Shape columns, NDArray input, NDArray output, boolean unfold) {
        int rank = image.rank() - 2;
        long planes = image.dim(0) * image.dim(1);
        long[] size = Arrays.copyOfRange(image.dims(), 2, rank + 2);
        int plane = Math.toIntExact(Indices.count(size));
        int windows = Math.toIntExact(columns.dim(2));
        int taps = Math.toIntExact(planes == 0 ? 0 : columns.dim(0) * columns.dim(1) / planes);
        int[] places = places(op, size, taps, windows);
        try (Scope temporaries = Scope.open()) {
            NDArray x = RealRows.of(input);
            NDArray y = RealRows.result(output);
            EngineThreads.parallel().forRange(planes, Math.max(1, 8192 / Math.max(1, taps * windows)), (from, to) -> {
                RealRows source = new RealRows(x);
                RealRows target = new RealRows(y);
                double[] a = new double[plane];
                double[] b = new double[taps * windows];
                for (long p = from; p < to; p++) {
                    if (unfold) {
                        source.get(p * plane, a, 0, plane);
                        for (int i = 0; i < b.length; i++) {
                            b[i] = places[i] < 0 ? 0 : a[places[i]];
                        }
                        target.put(b, 0, p * b.length, b.length);
                    } else {
                        source.get(p * b.length, b, 0, b.length);
                        Arrays.fill(a, 0);
                        for (int i = 0; i < b.length; i++) {
                            if (places[i] >= 0) {
                                a[places[i]] += b[i];
                            }
                        }
                        target.put(a, 0, p * plane, plane);
                    }
                }
            });
            HeapMath.store(y, output);
        }
    }

    /** The index in a plane of element k of window p, with k as the first axis; -1 in the border. */
    private static int[] places(Unfold op, long[] size, int taps, int windows) {
        int rank = size.length;
        long[] kernel = Operands.array(op.kernel());
        long[] counts = new long[rank];
        for (int i = 0; i < rank; i++) {
            long span = size[i] + 2 * op.pad().get(i) - (op.dilation().get(i) * (kernel[i] - 1) + 1);
            counts[i] = span / op.stride().get(i) + 1;
        }
        int[] places = new int[Math.multiplyExact(taps, windows)];
        long[] tap = new long[rank];
        for (int k = 0, at = 0; k < taps; k++) {
            long[] window = new long[rank];
            for (int p = 0; p < windows; p++) {
                long place = 0;
                for (int i = 0; i < rank && place >= 0; i++) {
                    long c = window[i] * op.stride().get(i)
                            - op.pad().get(i)
                            + tap[i] * op.dilation().get(i);
                    place = c < 0 || c >= size[i] ? -1 : place * size[i] + c;
                }
                places[at++] = (int) place;
                Indices.next(window, counts);
            }
            Indices.next(tap, kernel);
        }
        return places;
    }
}
