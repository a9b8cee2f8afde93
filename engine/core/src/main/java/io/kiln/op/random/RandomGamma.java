package io.kiln.op.random;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.GradientContext;
import io.kiln.op.Stochastic;
import io.kiln.op.internal.Philox;

/**
 * Gamma distributed numbers of scale 1, by rejection (Marsaglia and Tsang, 2000). Inputs: the shape parameters, above 0. Shapes:
 * y as the input. Dtype: as the input, floating; drawn in float64. NaN stays NaN, ∞ stays ∞. No gradient flows.
 */
public record RandomGamma() implements Stochastic {
    @Override
    public Spec[] infer(Spec... inputs) {
        return infer(name(), inputs);
    }

    static Spec[] infer(String operation, Spec... inputs) {
        if (inputs.length != 1 || !inputs[0].dtype().isFloating()) {
            throw new IllegalArgumentException(operation + ": needs one floating array of parameters, got "
                    + (inputs.length == 1 ? inputs[0] : inputs.length + " inputs") + "; cast it first");
        }
        return new Spec[] {inputs[0]};
    }

    @Override
    public NDArray[] compose(NDArray... inputs) {
        return RandomStream.fill(inputs[0], inputs[0].dtype(), RandomGamma::sample);
    }

    private static double sample(double a, RandomStream random) {
        if (!(a > 0)) {
            if (Double.isNaN(a)) {
                return a;
            }
            throw new IllegalArgumentException("randomGamma: parameters must be above 0, got " + a);
        }
        if (a == Double.POSITIVE_INFINITY) {
            return a;
        }
        if (a < 1) {
            int[] w = random.next();
            double u = RandomStream.open(w[0], w[1]);
            return sample(a + 1, random) * Math.pow(u, 1 / a);
        }
        double d = a - 1.0 / 3;
        double c = 1 / Math.sqrt(9 * d);
        while (true) {
            int[] w = random.next();
            double x = Philox.normalCos(w[0], w[1]);
            double root = 1 + c * x;
            double v = root * root * root;
            double u = RandomStream.open(w[2], w[3]);
            if (root > 0 && Math.log(u) < 0.5 * x * x + d - d * v + d * Math.log(v)) {
                return d * v;
            }
        }
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        return new NDArray[1];
    }
}
