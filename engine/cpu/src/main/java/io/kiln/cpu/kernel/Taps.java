package io.kiln.cpu.kernel;

import java.util.Arrays;

/** A linear map of planes: each element of the result is a weighted sum of a few elements of the plane. */
final class Taps {
    private final int[] ends;
    private int count;
    private int[] places = new int[64];
    private double[] weights = new double[64];
    private int used;

    /**
     * An empty map.
     *
     * @param positions number of elements of the result
     */
    Taps(int positions) {
        ends = new int[positions];
    }

    /** Adds an element of the plane to the next element of the result. */
    void add(int place, double weight) {
        if (used == places.length) {
            places = Arrays.copyOf(places, 2 * used);
            weights = Arrays.copyOf(weights, 2 * used);
        }
        places[used] = place;
        weights[used++] = weight;
    }

    /** Ends an element of the result. */
    void next() {
        ends[count++] = used;
    }

    /** Computes elements of the result from a plane. */
    void gather(double[] plane, double[] result, int firstPosition, int positions) {
        int k = firstPosition == 0 ? 0 : ends[firstPosition - 1];
        for (int i = 0; i < positions; i++) {
            double sum = 0;
            for (int end = ends[firstPosition + i]; k < end; k++) {
                sum += weights[k] * plane[places[k]];
            }
            result[i] = sum;
        }
    }

    /** Adds elements of a result's gradient to the plane's. */
    void scatter(double[] gradient, double[] plane, int firstPosition, int positions) {
        int k = firstPosition == 0 ? 0 : ends[firstPosition - 1];
        for (int i = 0; i < positions; i++) {
            for (int end = ends[firstPosition + i]; k < end; k++) {
                plane[places[k]] += weights[k] * gradient[i];
            }
        }
    }
}
