package io.kiln.cpu.kernel;

import io.kiln.cpu.EngineThreads;
import io.kiln.ndarray.NDArray;
import io.kiln.op.Operator;
import io.kiln.op.vision.NonMaximumSuppression;
import java.util.Arrays;
import java.util.stream.IntStream;

/** Non-maximum suppression. */
final class BoxKernels {
    private BoxKernels() {}

    static void suppress(Operator operator, NDArray[] in, NDArray[] outputs) {
        NonMaximumSuppression op = (NonMaximumSuppression) operator;
        int batch = Math.toIntExact(in[0].shape().dim(0));
        int n = Math.toIntExact(in[0].shape().dim(1));
        int count = Math.toIntExact(op.count());
        double[] box = in[0].toDoubleArray();
        double[] score = in[1].toDoubleArray();
        long[] type = in.length == 3 ? in[2].toLongArray() : new long[score.length];
        long[] kept = new long[Math.multiplyExact(batch, count)];
        Arrays.fill(kept, -1);
        EngineThreads.parallel().forRange(batch, 1, (from, to) -> {
            for (int b = (int) from; b < to; b++) {
                int[] order = order(score, b * n, n, op.threshold());
                int last = op.candidates() == 0 ? order.length : (int) Math.min(op.candidates(), order.length);
                int found = 0;
                for (int k = 0; k < last && found < count; k++) {
                    boolean keep = true;
                    for (int m = 0; m < found && keep; m++) {
                        int other = b * n + (int) kept[b * count + m];
                        keep = type[other] != type[b * n + order[k]]
                                || overlap(box, 4 * other, 4 * (b * n + order[k])) <= op.overlap();
                    }
                    if (keep) {
                        kept[b * count + found++] = order[k];
                    }
                }
            }
        });
        HeapMath.write(kept, outputs[0]);
    }

    /** The indices of scores above a threshold, in descending order; equal scores keep their order. */
    private static int[] order(double[] score, int start, int n, double threshold) {
        return IntStream.range(0, n)
                .filter(i -> score[start + i] > threshold)
                .boxed()
                .sorted((i, j) -> Double.compare(score[start + j], score[start + i]))
                .mapToInt(Integer::intValue)
                .toArray();
    }

    private static double overlap(double[] box, int a, int b) {
        double shared = length(Math.max(box[a], box[b]), Math.min(box[a + 2], box[b + 2]))
                * length(Math.max(box[a + 1], box[b + 1]), Math.min(box[a + 3], box[b + 3]));
        double union = area(box, a) + area(box, b) - shared;
        return union > 0 ? shared / union : 0;
    }

    private static double area(double[] box, int a) {
        return length(box[a], box[a + 2]) * length(box[a + 1], box[a + 3]);
    }

    private static double length(double low, double high) {
        return Math.max(0, high - low);
    }
}
