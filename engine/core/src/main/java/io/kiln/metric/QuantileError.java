package io.kiln.metric;

import io.kiln.ndarray.NDArray;

/**
 * The mean pinball loss: with \(d = y - p\), \(\max(\tau d, (\tau - 1) d)\), smallest when predictions are the
 * \(\tau\)-quantile of the labels. Labels and predictions have the same shape, or are [N] and [N,1]. R. Koenker, G.
 * Bassett, Econometrica 1978.
 */
public final class QuantileError extends Metric {
    private final double tau;

    /**
     * Creates the metric.
     *
     * @param tau \(\tau\), the quantile, in (0, 1)
     */
    public QuantileError(double tau) {
        super("quantile-error", 2);
        if (!(tau > 0 && tau < 1)) {
            throw new IllegalArgumentException("quantile-error: tau must be in (0, 1), got " + tau);
        }
        this.tau = tau;
    }

    @Override
    protected void observe(NDArray predictions, NDArray labels, NDArray weights) {
        double[] weight = perLabel(weights, labels);
        Samples.checkAlike(name(), predictions, labels);
        double[] y = labels.toDoubleArray();
        double[] p = predictions.toDoubleArray();
        double sum = 0;
        double total = 0;
        for (int i = 0; i < y.length; i++) {
            double d = y[i] - p[i];
            double w = weight[i];
            sum += w == 0 ? 0 : w * Math.max(tau * d, (tau - 1) * d);
            total += w;
        }
        add(0, sum);
        add(1, total);
    }

    @Override
    public double value() {
        return at(0) / at(1);
    }

    @Override
    public boolean isLargerBetter() {
        return false;
    }
}
