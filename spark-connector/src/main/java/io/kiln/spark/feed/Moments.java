package io.kiln.spark.feed;

import java.io.Serializable;
import java.util.Arrays;

/**
 * Weighted mean and standard deviation of columns. Parts are combined by the formula of Chan, Golub and LeVeque (1979),
 * which avoids cancellation if a mean is large compared with its deviation.
 *
 * <p>Concurrency: not thread-safe.
 */
public final class Moments implements Serializable {
    private static final long serialVersionUID = 1L;

    private final double[] means;
    private final double[] squares;
    private double weight;

    /** Creates the moments of no rows. */
    Moments(int columns) {
        means = new double[columns];
        squares = new double[columns];
    }

    /** The labels of a block's rows. */
    static Moments ofLabels(PackedBlock b) {
        Moments m = new Moments(1);
        for (int i = 0; i < b.rows(); i++) {
            m.weight += b.weight(i);
            m.means[0] += b.weight(i) * b.label(i);
        }
        if (m.weight > 0) {
            m.means[0] /= m.weight;
            for (int i = 0; i < b.rows(); i++) {
                double d = b.label(i) - m.means[0];
                m.squares[0] += b.weight(i) * d * d;
            }
        }
        return m;
    }

    /**
     * The features of a block's rows; features that a sparse row omits are 0. Each item of a list counts with the list's
     * weight.
     */
    static Moments ofFeatures(PackedBlock b, int field, int width) {
        Moments m = new Moments(width);
        double[] stated = new double[width];
        for (int i = 0; i < b.rows(); i++) {
            double w = b.weight(i);
            PackedColumn column = b.column(field);
            m.weight += column.isRagged() ? w * column.length(i) : w;
            column.forEach(i, (j, x) -> {
                m.means[j % width] += w * x;
                stated[j % width] += w;
            });
        }
        if (m.weight > 0) {
            Arrays.setAll(m.means, j -> m.means[j] / m.weight);
            for (int i = 0; i < b.rows(); i++) {
                double w = b.weight(i);
                b.column(field).forEach(i, (j, x) -> {
                    double d = x - m.means[j % width];
                    m.squares[j % width] += w * d * d;
                });
            }
            for (int j = 0; j < width; j++) {
                m.squares[j] += (m.weight - stated[j]) * m.means[j] * m.means[j];
            }
        }
        return m;
    }

    /** Adds the rows of another part. */
    Moments add(Moments other) {
        double all = weight + other.weight;
        if (other.weight > 0) {
            for (int j = 0; j < means.length; j++) {
                double d = other.means[j] - means[j];
                means[j] += d * other.weight / all;
                squares[j] += other.squares[j] + d * d * weight * other.weight / all;
            }
        }
        weight = all;
        return this;
    }

    /**
     * The sum of the rows' weights.
     *
     * @return 0 or more
     */
    public double weight() {
        return weight;
    }

    /**
     * Number of columns.
     *
     * @return at least 1
     */
    public int columns() {
        return means.length;
    }

    /**
     * The mean of a column.
     *
     * @param column the column
     * @return its weighted mean; 0 without weight
     */
    public double mean(int column) {
        return means[column];
    }

    /**
     * The population standard deviation of a column: divided by the sum of the weights.
     *
     * @param column the column
     * @return 0 or more
     */
    public double deviation(int column) {
        return weight > 0 ? Math.sqrt(squares[column] / weight) : 0;
    }
}
