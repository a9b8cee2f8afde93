package io.kiln.spark.tensorboard;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.function.DoubleConsumer;
import java.util.stream.DoubleStream;

/**
 * The distribution of the finite elements of an array: counts in buckets of equal width from the smallest to the
 * largest.
 *
 * @param min the smallest
 * @param max the largest
 * @param sum their sum
 * @param squares sum of their squares
 * @param counts elements per bucket; empty if no element is finite
 */
public record ValueHistogram(double min, double max, double sum, double squares, List<Double> counts) {
    private static final int BUCKETS = 50;
    private static final long CHUNK = 1 << 16;

    /** Makes the list unmodifiable. */
    public ValueHistogram {
        counts = List.copyOf(counts);
    }

    /**
     * Returns the distribution of an array.
     *
     * @param array an array with data
     * @param factor factor on its elements
     * @return their distribution
     */
    public static ValueHistogram of(NDArray array, double factor) {
        DoubleSummaryStatistics all = new DoubleSummaryStatistics();
        double[] squares = {0};
        forEach(array, factor, v -> {
            all.accept(v);
            squares[0] += v * v;
        });
        if (all.getCount() == 0) {
            return new ValueHistogram(0, 0, 0, 0, List.of());
        }
        double min = all.getMin();
        double max = all.getMax();
        double[] counts = new double[min == max ? 1 : BUCKETS];
        forEach(array, factor, v -> counts[(int) Math.min(counts.length - 1, (v - min) / (max - min) * BUCKETS)]++);
        return new ValueHistogram(
                min,
                max,
                all.getSum(),
                squares[0],
                DoubleStream.of(counts).boxed().toList());
    }

    /** Iterates over the finite elements times a factor, with only a few at a time on the heap. */
    private static void forEach(NDArray array, double factor, DoubleConsumer action) {
        try (Scope scope = Scope.open()) {
            NDArray flat = array.reshape(array.size());
            for (long from = 0; from < flat.size(); from += CHUNK) {
                try (NDArray part = flat.slice(0, from, Math.min(flat.size(), from + CHUNK))) {
                    for (double v : part.toDoubleArray()) {
                        if (Double.isFinite(v * factor)) {
                            action.accept(v * factor);
                        }
                    }
                }
            }
        }
    }

    /** HistogramProto: the first bucket ends at the smallest element, because it has no lower limit. */
    Message toMessage() {
        int n = counts.size();
        double[] limits = new double[n + 1];
        double[] numbers = new double[n + 1];
        limits[0] = min;
        for (int i = 0; i < n; i++) {
            limits[i + 1] = i == n - 1 ? max : min + (max - min) * (i + 1) / n;
            numbers[i + 1] = counts.get(i);
        }
        double number = counts.stream().mapToDouble(c -> c).sum();
        return new Message()
                .real(1, min)
                .real(2, max)
                .real(3, number)
                .real(4, sum)
                .real(5, squares)
                .packed(6, limits)
                .packed(7, numbers);
    }
}
