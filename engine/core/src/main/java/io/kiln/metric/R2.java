package io.kiln.metric;

import io.kiln.ndarray.NDArray;

/**
 * The share of the labels' variance that predictions explain: \(1 - \frac{\sum (y - p)^2}{\sum (y - \bar y)^2}\).
 * Labels and predictions have the same shape, or are [N] and [N,1].
 */
public final class R2 extends Metric {
    /** Creates the metric. */
    public R2() {
        super("r2", 4);
    }

    @Override
    protected void observe(NDArray predictions, NDArray labels, NDArray weights) {
        double[] weight = perLabel(weights, labels);
        Samples.checkAlike(name(), predictions, labels);
        double[] y = labels.toDoubleArray();
        double[] p = predictions.toDoubleArray();
        for (int i = 0; i < y.length; i++) {
            double w = weight[i];
            if (w > 0) {
                double d = y[i] - p[i];
                add(0, w);
                add(1, w * y[i]);
                add(2, w * y[i] * y[i]);
                add(3, w * d * d);
            }
        }
    }

    @Override
    public double value() {
        return 1 - at(3) / (at(2) - at(1) * at(1) / at(0));
    }

    @Override
    public boolean isLargerBetter() {
        return true;
    }
}
