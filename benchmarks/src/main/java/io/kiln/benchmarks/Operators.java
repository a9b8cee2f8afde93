package io.kiln.benchmarks;

import java.util.Random;

/** The arrays of the workload {@code op-overhead}: two matrices, an image of eight channels and a filter for it. */
public final class Operators {

    /** Size of all axes but those of the kernel. */
    public static final int SIDE = 8;

    /** Calls of the operator in one step. */
    public static final int CALLS = 1000;

    /** Case: \(a + b\). */
    public static final String ADD = "add";

    /** Case: \(a b\). */
    public static final String MATMUL = "matmul";

    /** Case: the image's convolution with the filter, padded by 1. */
    public static final String CONV = "conv";

    /** Height and width of the filter. */
    public static final int KERNEL = 3;

    private Operators() {}

    /** Values of the image [1, 8, 8, 8]. */
    public static float[] image() {
        return values(3, SIDE * SIDE * SIDE);
    }

    /** Values of the filter [8, 8, 3, 3]. */
    public static float[] filter() {
        return values(4, SIDE * SIDE * KERNEL * KERNEL);
    }

    /** The same image with its channels as last axis. */
    public static float[] channelsLast(float[] image) {
        return transposed(image, SIDE, SIDE * SIDE);
    }

    /** The same image with its channels as second axis. */
    public static float[] channelsFirst(float[] image) {
        return transposed(image, SIDE * SIDE, SIDE);
    }

    private static float[] transposed(float[] matrix, int rows, int columns) {
        float[] turned = new float[matrix.length];
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < columns; j++) {
                turned[j * rows + i] = matrix[i * columns + j];
            }
        }
        return turned;
    }

    /** Values of a, row-major. */
    public static float[] left() {
        return values(1, SIDE * SIDE);
    }

    /** Values of b, row-major. */
    public static float[] right() {
        return values(2, SIDE * SIDE);
    }

    /** One number of a result that differs when any of its elements does. */
    public static double check(float[] result) {
        double sum = 0;
        for (int i = 0; i < result.length; i++) {
            sum += (i + 1) * result[i];
        }
        return sum;
    }

    private static float[] values(long seed, int count) {
        Random random = new Random(seed);
        float[] values = new float[count];
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextFloat();
        }
        return values;
    }
}
