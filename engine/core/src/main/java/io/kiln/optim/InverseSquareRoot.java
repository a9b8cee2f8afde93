package io.kiln.optim;

/**
 * Rises linearly to a peak and decays with the inverse square root of the number of steps:
 * \(\eta \min(\frac{t}{n}, \sqrt{\frac{n}{t}})\). A. Vaswani et al., NeurIPS 2017 ("Noam"), where
 * \(\eta = (n d)^{-1/2}\) for a model of width d.
 *
 * @param peak \(\eta\), the rate of step n
 * @param warmUp n, the number of steps of the rise
 */
public record InverseSquareRoot(double peak, long warmUp) implements Schedule {
    /**
     * Checks the attributes.
     *
     * @throws IllegalArgumentException if one is out of range
     */
    public InverseSquareRoot {
        Check.atLeastZero("inverseSquareRoot", "peak", peak);
        Check.positive("inverseSquareRoot", "warmUp", warmUp);
    }

    /**
     * The paper's schedule.
     *
     * @param width d, the width of the model
     * @param warmUp n, the number of steps of the rise; 4,000 in the paper
     * @param factor factor on the paper's rate
     * @return the schedule
     */
    public static InverseSquareRoot noam(long width, long warmUp, double factor) {
        Check.positive("noam", "width", width);
        return new InverseSquareRoot(factor / Math.sqrt((double) width * warmUp), warmUp);
    }

    @Override
    public double at(long step) {
        double t = (double) step / warmUp;
        return peak * Math.min(t, 1 / Math.sqrt(t));
    }
}
