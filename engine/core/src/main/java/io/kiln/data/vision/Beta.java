package io.kiln.data.vision;

import java.util.random.RandomGenerator;

/** Draws from Beta(α, α), as X/(X + Y) of two gamma variates. */
final class Beta {
    private Beta() {}

    static double symmetric(double alpha, RandomGenerator random) {
        if (!(alpha > 0) || Double.isInfinite(alpha)) {
            throw new IllegalArgumentException("mix: alpha must be above 0 and finite, got " + alpha);
        }
        double x = logGamma(alpha, random);
        double y = logGamma(alpha, random);
        return 1 / (1 + Math.exp(y - x));
    }

    /** The logarithm of a gamma variate of scale 1: G. Marsaglia, W. Tsang, 2000; shapes below 1 by a power of a uniform one. */
    private static double logGamma(double shape, RandomGenerator random) {
        if (shape < 1) {
            return logGamma(shape + 1, random) + Math.log(1 - random.nextDouble()) / shape;
        }
        double d = shape - 1.0 / 3;
        double c = 1 / Math.sqrt(9 * d);
        while (true) {
            double z = random.nextGaussian();
            double v = Math.pow(1 + c * z, 3);
            if (v > 0 && Math.log(1 - random.nextDouble()) < z * z / 2 + d - d * v + d * Math.log(v)) {
                return Math.log(d * v);
            }
        }
    }
}
