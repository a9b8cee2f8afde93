package io.kiln.metric;

import io.kiln.ndarray.NDArray;

/**
 * Pearson's correlation of labels and predictions over all elements: \(\frac{n \sum l p - \sum l \sum p}{\sqrt{(n \sum
 * l^2 - (\sum l)^2)(n \sum p^2 - (\sum p)^2)}}\), from sums in float64. Labels and predictions have the same shape, or
 * are [N] and [N,1].
 */
public final class Pearson extends Metric {
    /** Creates the metric. */
    public Pearson() {
        super("pearson", 6);
    }

    @Override
    protected void observe(NDArray predictions, NDArray labels, NDArray weights) {
        double[] weight = perLabel(weights, labels);
        Samples.checkAlike(name(), predictions, labels);
        double[] l = labels.toDoubleArray();
        double[] p = predictions.toDoubleArray();
        double[] sums = new double[6];
        for (int i = 0; i < l.length; i++) {
            double w = weight[i];
            if (w > 0) {
                sums[0] += w;
                sums[1] += w * l[i];
                sums[2] += w * p[i];
                sums[3] += w * l[i] * l[i];
                sums[4] += w * p[i] * p[i];
                sums[5] += w * l[i] * p[i];
            }
        }
        for (int i = 0; i < sums.length; i++) {
            add(i, sums[i]);
        }
    }

    @Override
    public double value() {
        double n = at(0);
        double l = n * at(3) - at(1) * at(1);
        double p = n * at(4) - at(2) * at(2);
        return (n * at(5) - at(1) * at(2)) / Math.sqrt(l * p);
    }

    @Override
    public boolean isLargerBetter() {
        return true;
    }
}
