package io.kiln.init;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;

/**
 * A table of waves [positions, size]: \(w_{p,2i} = \sin(p\,b^{-2i/n})\), \(w_{p,2i+1} = \cos(p\,b^{-2i/n})\) with n the size
 * (Vaswani et al. 2017). For constants.
 *
 * @param base b, above 1
 */
public record Sinusoids(double base) implements Initializer {
    /** Checks the base. */
    public Sinusoids {
        if (!(base > 1)) {
            throw new IllegalArgumentException("sinusoids: base must be above 1, got " + base);
        }
    }

    /** Uses the paper's base, 10,000. */
    public Sinusoids() {
        this(10_000);
    }

    @Override
    public NDArray create(Shape shape) {
        if (shape.rank() != 2) {
            throw new ShapeException("sinusoids: makes tables [positions,size], got " + shape);
        }
        int size = Math.toIntExact(shape.dim(1));
        float[] table = new float[Math.toIntExact(shape.size())];
        for (int i = 0; i < table.length; i++) {
            int column = i % size;
            double angle = i / size * Math.pow(base, -(double) (column - column % 2) / size);
            table[i] = (float) (column % 2 == 0 ? Math.sin(angle) : Math.cos(angle));
        }
        return NDArray.of(shape, table);
    }
}
