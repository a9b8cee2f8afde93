package io.kiln.benchmarks;

import java.util.Random;

/** The arrays of the workload {@code op-overhead}. */
public final class Operators {

    /** Height and width of both arrays. */
    public static final int SIDE = 8;

    /** Calls of the operator in one step. */
    public static final int CALLS = 1000;

    /** Case: \(a + b\). */
    public static final String ADD = "add";

    /** Case: \(a b\). */
    public static final String MATMUL = "matmul";

    private Operators() {}

    /** Values of a, row-major. */
    public static float[] left() {
        return values(1);
    }

    /** Values of b, row-major. */
    public static float[] right() {
        return values(2);
    }

    /** One number of a result that differs when any of its elements does. */
    public static double check(float[] result) {
        double sum = 0;
        for (int i = 0; i < result.length; i++) {
            sum += (i + 1) * result[i];
        }
        return sum;
    }

    private static float[] values(long seed) {
        Random random = new Random(seed);
        float[] values = new float[SIDE * SIDE];
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextFloat();
        }
        return values;
    }
}
