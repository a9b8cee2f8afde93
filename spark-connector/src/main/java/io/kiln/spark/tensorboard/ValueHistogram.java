package io.kiln.spark.tensorboard;

import io.kiln.ndarray.NDArray;
import java.util.List;
import java.util.stream.DoubleStream;

/**
 * How the finite elements of an array are distributed: counts in buckets of equal width from the least to the largest.
 *
 * @param min the least
 * @param max the largest
 * @param sum their sum
 * @param squares sum of their squares
 * @param counts elements per bucket; empty when no element is finite
 */
public record ValueHistogram(double min, double max, double sum, double squares, List<Double> counts) {
    private static final int BUCKETS = 50;

    /** Makes the list unmodifiable. */
    public ValueHistogram {
        counts = List.copyOf(counts);
    }

    /**
     * Looks at an array.
     *
     * @param array an array with data
     * @param factor by which its elements are multiplied before
     * @return how they are distributed
     */
    public static ValueHistogram of(NDArray array, double factor) {
        double[] x = DoubleStream.of(array.toDoubleArray())
                .map(v -> v * factor)
                .filter(Double::isFinite)
                .toArray();
        if (x.length == 0) {
            return new ValueHistogram(0, 0, 0, 0, List.of());
        }
        double min = DoubleStream.of(x).min().orElseThrow();
        double max = DoubleStream.of(x).max().orElseThrow();
        int buckets = min == max ? 1 : BUCKETS;
        double[] counts = new double[buckets];
        double sum = 0;
        double squares = 0;
        for (double v : x) {
            counts[(int) Math.min(buckets - 1, (v - min) / (max - min) * buckets)]++;
            sum += v;
            squares += v * v;
        }
        return new ValueHistogram(
                min, max, sum, squares, DoubleStream.of(counts).boxed().toList());
    }

    /** HistogramProto: the first bucket ends at the least element, as a bucket has no lower limit there. */
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
