package io.kiln.op.random;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.GradientContext;
import io.kiln.op.Stochastic;

/**
 * Poisson distributed numbers: below a mean of 10 by adding up probabilities, from there on by transformed rejection (Hörmann,
 * 1993). Inputs: the means, at least 0. Shapes: y as the input. Dtype: as the input, floating; drawn in float64. NaN and infinity stay. No
 * gradient flows.
 */
public record RandomPoisson() implements Stochastic {
    @Override
    public Spec[] infer(Spec... inputs) {
        return RandomGamma.infer(name(), inputs);
    }

    @Override
    public NDArray[] compose(NDArray... inputs) {
        return RandomStream.fill(inputs[0], inputs[0].dtype(), RandomPoisson::sample);
    }

    private static double sample(double mean, RandomStream random) {
        if (Double.isNaN(mean) || mean == Double.POSITIVE_INFINITY) {
            return mean;
        }
        if (mean < 0) {
            throw new IllegalArgumentException("randomPoisson: means must be at least 0, got " + mean);
        }
        return mean < 10 ? small(mean, random) : large(mean, random);
    }

    private static double small(double mean, RandomStream random) {
        int[] w = random.next();
        double u = RandomStream.open(w[0], w[1]);
        double p = Math.exp(-mean);
        double below = p;
        int k = 0;
        // Beyond 100 the probabilities of a mean below 10 add nothing to a double.
        while (u > below && k < 100) {
            k++;
            p *= mean / k;
            below += p;
        }
        return k;
    }

    private static double large(double mean, RandomStream random) {
        double b = 0.931 + 2.53 * Math.sqrt(mean);
        double a = -0.059 + 0.02483 * b;
        double inverse = 1.1239 + 1.1328 / (b - 3.4);
        double accepted = 0.9277 - 3.6224 / (b - 2);
        while (true) {
            int[] w = random.next();
            double u = RandomStream.open(w[0], w[1]) - 0.5;
            double v = RandomStream.open(w[2], w[3]);
            double s = 0.5 - Math.abs(u);
            double k = Math.floor((2 * a / s + b) * u + mean + 0.43);
            if (s >= 0.07 && v <= accepted) {
                return k;
            }
            boolean possible = k >= 0 && (s >= 0.013 || v <= s);
            if (possible && Math.log(v * inverse / (a / (s * s) + b)) <= k * Math.log(mean) - mean - logFactorial(k)) {
                return k;
            }
        }
    }

    /** ln k!, by Stirling's series from 10 on. */
    private static double logFactorial(double k) {
        double f = 0;
        double x = k + 1;
        while (x < 10) {
            f -= Math.log(x);
            x++;
        }
        double u = 1 / x;
        double series = u / 12 - u * u * u / 360 + u * u * u * u * u / 1260;
        return f + (x - 0.5) * Math.log(x) - x + Math.log(2 * Math.PI) / 2 + series;
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        return new NDArray[1];
    }
}
