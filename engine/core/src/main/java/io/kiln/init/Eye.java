package io.kiln.init;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;

/**
 * Initializes a layer as the identity: a matrix [out,in] with a number on its diagonal and 0 elsewhere; or the weight
 * of a convolution [out,in,kernel…] with the number at the window's centre for equal channels (a Dirac delta), within
 * each of the groups. S. Zagoruyko, N. Komodakis, arXiv:1706.00388.
 *
 * @param value the number
 * @param groups groups of the convolution, which divide its output channels
 */
public record Eye(double value, long groups) implements Initializer {
    /**
     * Checks the attributes.
     *
     * @throws IllegalArgumentException if one is out of range
     */
    public Eye {
        if (groups < 1) {
            throw new IllegalArgumentException("eye: groups must be >= 1, got " + groups);
        }
    }

    /** Uses ones, without groups. */
    public Eye() {
        this(1, 1);
    }

    @Override
    public NDArray create(Shape shape) {
        if (shape.rank() < 2 || shape.dim(0) % groups != 0) {
            throw new ShapeException(
                    "eye: needs a weight [out,in,kernel…] with out divisible by groups=" + groups + ", got " + shape);
        }
        int window = 1;
        int centre = 0;
        for (int i = 2; i < shape.rank(); i++) {
            int k = Math.toIntExact(shape.dim(i));
            window *= k;
            centre = centre * k + k / 2;
        }
        int in = Math.toIntExact(shape.dim(1));
        int perGroup = Math.toIntExact(shape.dim(0) / groups);
        float[] values = new float[Math.toIntExact(shape.size())];
        for (int g = 0; g < groups; g++) {
            for (int i = 0; i < Math.min(perGroup, in); i++) {
                values[((g * perGroup + i) * in + i) * window + centre] = (float) value;
            }
        }
        return NDArray.of(shape, values);
    }
}
