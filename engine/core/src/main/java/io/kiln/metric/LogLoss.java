package io.kiln.metric;

import io.kiln.ndarray.NDArray;

/**
 * Binary cross-entropy: the mean of \(-y \ln p - (1 - y) \ln(1 - p)\). Labels are from 0 to 1; labels and predictions
 * have the same shape, or are [N] and [N,1].
 */
public final class LogLoss extends Metric {
    private static final double LEAST = 1e-12;

    private final boolean fromLogits;

    /**
     * Creates the metric.
     *
     * @param fromLogits whether predictions are logits, with \(p = \sigma(x)\), instead of probabilities (each counted
     *     as at least 1e-12 away from 0 and 1)
     */
    public LogLoss(boolean fromLogits) {
        super("log-loss", 2);
        this.fromLogits = fromLogits;
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
            double w = weight[i];
            total += w;
            double loss = fromLogits
                    ? Math.max(p[i], 0) + Math.log1p(Math.exp(-Math.abs(p[i]))) - p[i] * y[i]
                    : -y[i] * Math.log(Math.max(p[i], LEAST)) - (1 - y[i]) * Math.log(Math.max(1 - p[i], LEAST));
            sum += w == 0 ? 0 : w * loss;
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
