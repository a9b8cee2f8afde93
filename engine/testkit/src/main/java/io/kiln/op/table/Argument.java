package io.kiln.op.table;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.Shape;
import java.util.Random;

/**
 * How an input of an operator is made.
 *
 * @param shape its shape
 * @param dtype its type; null for the floating type that is being checked
 * @param low the least value
 * @param high the bound of the values
 * @param fixed the values themselves; null to spread them over the range
 * @param varied whether it is differentiated
 */
public record Argument(Shape shape, DType dtype, double low, double high, double[] fixed, boolean varied) {
    /**
     * Floating values spread evenly over a range in random order: no two are equal, none lies on a multiple of a round
     * fraction, so that steps and ties are where a row puts them and nowhere else.
     *
     * @param low the least value
     * @param high the bound
     * @param dims the shape
     * @return the argument
     */
    public static Argument real(double low, double high, long... dims) {
        return new Argument(Shape.of(dims), null, low, high, null, true);
    }

    /**
     * Given floating values, not differentiated numerically.
     *
     * @param shape the shape
     * @param values the values
     * @return the argument
     */
    public static Argument values(Shape shape, double... values) {
        return new Argument(shape, null, 0, 0, values, true);
    }

    /**
     * Integers from low to below high.
     *
     * @param dtype an integer type or bool
     * @param low the least value
     * @param high the bound
     * @param dims the shape
     * @return the argument
     */
    public static Argument whole(DType dtype, long low, long high, long... dims) {
        return new Argument(Shape.of(dims), dtype, low, high, null, false);
    }

    /**
     * This argument, not differentiated.
     *
     * @return the argument
     */
    public Argument constant() {
        return new Argument(shape, dtype, low, high, fixed, false);
    }

    /**
     * Makes the values.
     *
     * @param type the floating type that is being checked
     * @param position which input this is
     * @return the values
     */
    Sample sample(DType type, int position) {
        int n = Math.toIntExact(shape.size());
        double[] v = new double[n];
        Random random = new Random(31L * position + n);
        int[] order = new int[n];
        for (int i = 0; i < n; i++) {
            int j = random.nextInt(i + 1);
            order[i] = order[j];
            order[j] = i;
        }
        for (int i = 0; i < n; i++) {
            double spread = low + (high - low) * (order[i] + 0.37 + 0.11 * position) / n;
            v[i] = fixed != null ? fixed[i] : dtype == null ? spread : low + random.nextInt((int) (high - low));
        }
        return new Sample(shape, dtype == null ? type : dtype, v).rounded();
    }
}
