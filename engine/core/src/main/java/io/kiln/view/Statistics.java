package io.kiln.view;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import java.util.Locale;

/**
 * Statistics of the elements of an array. Extremes, mean and standard deviation (over n, not n − 1) are those of the finite
 * elements, computed in double precision; NaN if no element is finite.
 *
 * @param shape the array's shape
 * @param min the smallest finite element
 * @param max the largest finite element
 * @param mean the mean of the finite elements
 * @param std their standard deviation
 * @param nans how many elements are NaN
 * @param infinities how many are infinite
 */
public record Statistics(Shape shape, double min, double max, double mean, double std, long nans, long infinities) {
    /**
     * Computes the statistics of an array.
     *
     * @param array an array with data
     * @return its statistics
     */
    public static Statistics of(NDArray array) {
        double[] x = array.toDoubleArray();
        long nans = 0;
        long infinities = 0;
        double min = Double.POSITIVE_INFINITY;
        double max = Double.NEGATIVE_INFINITY;
        double sum = 0;
        for (double v : x) {
            if (Double.isNaN(v)) {
                nans++;
            } else if (Double.isInfinite(v)) {
                infinities++;
            } else {
                min = Math.min(min, v);
                max = Math.max(max, v);
                sum += v;
            }
        }
        long finite = x.length - nans - infinities;
        if (finite == 0) {
            return new Statistics(array.shape(), Double.NaN, Double.NaN, Double.NaN, Double.NaN, nans, infinities);
        }
        double mean = sum / finite;
        double squares = 0;
        for (double v : x) {
            if (Double.isFinite(v)) {
                squares += (v - mean) * (v - mean);
            }
        }
        return new Statistics(array.shape(), min, max, mean, Math.sqrt(squares / finite), nans, infinities);
    }

    /**
     * Whether all elements are finite.
     *
     * @return false if there is a NaN or an infinity
     */
    public boolean allFinite() {
        return nans == 0 && infinities == 0;
    }

    @Override
    public String toString() {
        return String.format(
                Locale.ROOT,
                "%s min %.5g, max %.5g, mean %.5g, std %.5g, %d NaN, %d infinite",
                shape,
                min,
                max,
                mean,
                std,
                nans,
                infinities);
    }
}
