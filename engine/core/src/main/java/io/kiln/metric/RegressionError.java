package io.kiln.metric;

import io.kiln.ndarray.NDArray;

/** A mean over the errors of all elements; labels and predictions have the same shape, or are [N] and [N,1]. */
public final class RegressionError extends Metric {
    private final boolean squared;
    private final boolean rooted;

    private RegressionError(String name, boolean squared, boolean rooted) {
        super(name, 2);
        this.squared = squared;
        this.rooted = rooted;
    }

    /** {@return the mean absolute error, \(\frac1n \sum |y - p|\)} */
    public static RegressionError mae() {
        return new RegressionError("mae", false, false);
    }

    /** {@return the mean squared error, \(\frac1n \sum (y - p)^2\)} */
    public static RegressionError mse() {
        return new RegressionError("mse", true, false);
    }

    /** {@return the root of the mean squared error over all samples} */
    public static RegressionError rmse() {
        return new RegressionError("rmse", true, true);
    }

    @Override
    protected void observe(NDArray predictions, NDArray labels, NDArray weights) {
        double[] weight = perLabel(weights, labels);
        Samples.checkAlike(name(), predictions, labels);
        double[] l = labels.toDoubleArray();
        double[] p = predictions.toDoubleArray();
        double sum = 0;
        double total = 0;
        for (int i = 0; i < l.length; i++) {
            double d = l[i] - p[i];
            double w = weight[i];
            sum += w == 0 ? 0 : w * (squared ? d * d : Math.abs(d));
            total += w;
        }
        add(0, sum);
        add(1, total);
    }

    @Override
    public double value() {
        double mean = at(0) / at(1);
        return rooted ? Math.sqrt(mean) : mean;
    }

    @Override
    public boolean isLargerBetter() {
        return false;
    }
}
