package io.kiln.init;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;

/**
 * Preserves the variance through ReLUs: elements from \(N(0, \frac{2}{(1 + a^2) fan})\). K. He et al., ICCV 2015.
 *
 * @param factor the fan
 * @param slope a, slope of the activation for negative inputs: 0 for ReLU
 */
public record Msra(Xavier.Factor factor, double slope) implements Initializer {
    /** Uses the paper's choice for its parametric ReLU: fan-in, slope 0.25. */
    public Msra() {
        this(Xavier.Factor.IN, 0.25);
    }

    @Override
    public NDArray create(Shape shape) {
        return new Xavier(Xavier.Distribution.GAUSSIAN, factor, 2 / (1 + slope * slope)).create(shape);
    }
}
