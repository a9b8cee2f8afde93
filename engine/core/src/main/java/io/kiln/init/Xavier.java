package io.kiln.init;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;

/**
 * Preserves the variance of activations and gradients from layer to layer: with \(s = \sqrt{magnitude / fan}\),
 * elements from \([-s, s)\) or from \(N(0, s^2)\). For a weight of shape [out,in,kernel…], fan-in is in · kernel and
 * fan-out is out · kernel. X. Glorot, Y. Bengio, AISTATS 2010 (uniform, average, 3 is their equation 16).
 *
 * @param distribution the distribution
 * @param factor the fan
 * @param magnitude the magnitude, above 0
 */
public record Xavier(Distribution distribution, Factor factor, double magnitude) implements Initializer {
    /** The distribution of the elements. */
    public enum Distribution {
        /** Uniform over \([-s, s)\). */
        UNIFORM,
        /** \(N(0, s^2)\). */
        GAUSSIAN
    }

    /** The fan that scales the elements. */
    public enum Factor {
        /** The mean of fan-in and fan-out. */
        AVERAGE,
        /** Fan-in. */
        IN,
        /** Fan-out. */
        OUT
    }

    /**
     * Checks the magnitude.
     *
     * @throws IllegalArgumentException if it is not above 0
     */
    public Xavier {
        if (!(magnitude > 0) || Double.isInfinite(magnitude)) {
            throw new IllegalArgumentException("xavier: magnitude must be finite and > 0, got " + magnitude);
        }
    }

    /** Uses the paper's choice: uniform, average, 3. */
    public Xavier() {
        this(Distribution.UNIFORM, Factor.AVERAGE, 3);
    }

    @Override
    public NDArray create(Shape shape) {
        if (shape.rank() < 2) {
            throw new ShapeException("xavier: needs a weight of two axes or more, [out,in,kernel…], got " + shape
                    + "; use another initializer for it");
        }
        double window = 1;
        for (int i = 2; i < shape.rank(); i++) {
            window *= shape.dim(i);
        }
        double in = shape.dim(1) * window;
        double out = shape.dim(0) * window;
        double fan =
                switch (factor) {
                    case AVERAGE -> (in + out) / 2;
                    case IN -> in;
                    case OUT -> out;
                };
        double scale = Math.sqrt(magnitude / Math.max(fan, 1));
        return (distribution == Distribution.UNIFORM ? new Uniform(scale) : new Normal(scale)).create(shape);
    }
}
