package io.kiln.init;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;

/**
 * A matrix [out, in · kernel] with orthonormal rows, or orthonormal columns if there are more rows, times a scale: the
 * Q of the QR decomposition of a Gaussian matrix, with positive diagonal of R. A. Saxe et al., ICLR 2014.
 *
 * @param scale factor on the orthonormal vectors
 */
public record Orthogonal(double scale) implements Initializer {
    /** Uses the scale \(\sqrt 2\), for ReLU. */
    public Orthogonal() {
        this(Math.sqrt(2));
    }

    @Override
    public NDArray create(Shape shape) {
        if (shape.rank() < 2 || shape.size() == 0) {
            throw new ShapeException(
                    "orthogonal: needs a weight of two axes or more, none of them empty, got " + shape);
        }
        int rows = Math.toIntExact(shape.dim(0));
        int columns = Math.toIntExact(shape.size() / rows);
        boolean wide = rows <= columns;
        int count = Math.min(rows, columns);
        int length = Math.max(rows, columns);
        double[][] q = orthonormal(count, length, new Normal(1).create(Shape.of(count, length)));
        float[] values = new float[rows * columns];
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < columns; c++) {
                values[r * columns + c] = (float) (scale * (wide ? q[r][c] : q[c][r]));
            }
        }
        return NDArray.of(shape, values);
    }

    /** Gram-Schmidt, each vector twice, which is enough for full precision. */
    private static double[][] orthonormal(int count, int length, NDArray gaussian) {
        double[] g = gaussian.toDoubleArray();
        double[][] q = new double[count][length];
        for (int i = 0; i < count; i++) {
            System.arraycopy(g, i * length, q[i], 0, length);
            for (int pass = 0; pass < 2; pass++) {
                for (int k = 0; k < i; k++) {
                    double along = dot(q[i], q[k]);
                    for (int c = 0; c < length; c++) {
                        q[i][c] -= along * q[k][c];
                    }
                }
            }
            double norm = Math.sqrt(dot(q[i], q[i]));
            for (int c = 0; c < length; c++) {
                q[i][c] /= norm;
            }
        }
        return q;
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }
}
