package io.kiln.op;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.op.internal.Diagonals;
import io.kiln.op.shape.DiagonalEmbed;
import io.kiln.op.shape.FullLike;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Arrays made from numbers alone. While a graph is traced they become its constants. */
public final class Creation {
    private Creation() {}

    /**
     * Evenly spaced numbers, both ends included.
     *
     * @param start the first number
     * @param stop the last number
     * @param count the number of elements, at least 0; 1 gives the first one
     * @param dtype type of the result
     * @return the array, of shape [count]
     */
    public static NDArray linspace(double start, double stop, int count, DType dtype) {
        if (count < 0) {
            throw new IllegalArgumentException("linspace: count must be at least 0, got " + count);
        }
        double[] values = new double[count];
        for (int i = 0; i < count; i++) {
            // From the nearer end, so that both ends are exact and the numbers are symmetric.
            double step = (stop - start) / Math.max(1, count - 1);
            values[i] = i < (count + 1) / 2 ? start + i * step : stop - (count - 1 - i) * step;
        }
        return NDArray.of(Shape.of(count), values).cast(dtype);
    }

    /**
     * Numbers whose logarithms are evenly spaced, both ends included: base to the power of {@link #linspace}.
     *
     * @param start exponent of the first number
     * @param stop exponent of the last number
     * @param count the number of elements, at least 0
     * @param base the base, above 0
     * @param dtype type of the result
     * @return the array, of shape [count]
     */
    public static NDArray logspace(double start, double stop, int count, double base, DType dtype) {
        if (!(base > 0)) {
            throw new IllegalArgumentException("logspace: the base must be above 0, got " + base);
        }
        double[] exponents = linspace(start, stop, count, DType.FLOAT64).toDoubleArray();
        return NDArray.of(
                        Shape.of(count),
                        Arrays.stream(exponents).map(e -> Math.pow(base, e)).toArray())
                .cast(dtype);
    }

    /**
     * A unit matrix.
     *
     * @param n rows and columns
     * @param dtype type of the result
     * @return the array, of shape [n,n]
     */
    public static NDArray eye(long n, DType dtype) {
        return eye(n, n, 0, dtype);
    }

    /**
     * A matrix with ones on one diagonal.
     *
     * @param rows rows
     * @param columns columns
     * @param offset which diagonal: 0 the main one, above it positive
     * @param dtype type of the result
     * @return the array, of shape [rows,columns]
     */
    public static NDArray eye(long rows, long columns, long offset, DType dtype) {
        NDArray diagonal = NDArray.ones(Shape.of(Diagonals.length(rows, columns, offset)), dtype);
        return Dispatch.withoutGradient(new DiagonalEmbed(offset, rows, columns), diagonal);
    }

    /**
     * Coordinates of a grid, from those along its axes: array i of the result has the shape of the whole grid and varies
     * along axis i (matrix order).
     *
     * @param axes vectors
     * @return views, one per vector
     */
    public static List<NDArray> meshgrid(NDArray... axes) {
        long[] d = new long[axes.length];
        for (int i = 0; i < d.length; i++) {
            if (axes[i].shape().rank() != 1) {
                throw new ShapeException("meshgrid: needs vectors, argument " + i + " has shape " + axes[i].shape());
            }
            d[i] = axes[i].shape().dim(0);
        }
        Shape grid = Shape.of(d);
        List<NDArray> result = new ArrayList<>();
        for (int i = 0; i < d.length; i++) {
            long[] column = new long[d.length];
            Arrays.fill(column, 1);
            column[i] = d[i];
            result.add(axes[i].reshape(Shape.of(column)).broadcastTo(grid));
        }
        return result;
    }

    /**
     * A constant in the shape and dtype of an array, which may be traced.
     *
     * @param like the array
     * @param value the element
     * @return a new array
     */
    public static NDArray fullLike(NDArray like, double value) {
        return Dispatch.one(new FullLike(value), like);
    }

    /**
     * Zeros in the shape and dtype of an array, which may be traced.
     *
     * @param like the array
     * @return a new array
     */
    public static NDArray zerosLike(NDArray like) {
        return fullLike(like, 0);
    }

    /**
     * Ones in the shape and dtype of an array, which may be traced.
     *
     * @param like the array
     * @return a new array
     */
    public static NDArray onesLike(NDArray like) {
        return fullLike(like, 1);
    }
}
