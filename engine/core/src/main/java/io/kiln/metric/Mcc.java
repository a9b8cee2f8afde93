package io.kiln.metric;

import io.kiln.ndarray.NDArray;

/**
 * Matthews correlation of labels and predicted classes, for any number K of classes (J. Gorodkin, 2004; MXNet's PCC):
 * with the confusion matrix C, its trace c, sum s, row sums t and column sums p,
 * \(\frac{c s - t \cdot p}{\sqrt{(s^2 - p \cdot p)(s^2 - t \cdot t)}}\), 0 if the root is 0. Shapes: labels [N],
 * predictions [N,classes]; or, for two classes, scores [N] or [N,1] compared with a threshold.
 */
public final class Mcc extends Metric {
    private final int classes;
    private final double threshold;

    /** For two classes, with threshold 0.5 for scores. */
    public Mcc() {
        this(2, 0.5);
    }

    /**
     * Creates the metric.
     *
     * @param classes number of classes, at least 2
     * @param threshold above which a single score means class 1
     */
    public Mcc(int classes, double threshold) {
        super("mcc", Math.multiplyExact(classes, Math.addExact(classes, 1)));
        if (classes < 2) {
            throw new IllegalArgumentException("mcc: needs at least 2 classes, got " + classes);
        }
        this.classes = classes;
        this.threshold = threshold;
    }

    @Override
    protected void observe(NDArray predictions, NDArray labels, NDArray weights) {
        double[] weight = perLabel(weights, labels);
        int[] said = Samples.decisions(predictions, threshold);
        long[] truth = Confusion.check(name(), said, labels, classes, weight);
        for (int i = 0; i < said.length; i++) {
            double w = weight[i];
            if (w > 0) {
                add((int) truth[i] * (classes + 1) + (said[i] < 0 ? classes : said[i]), w);
            }
        }
    }

    @Override
    public double value() {
        double[] t = new double[classes];
        double[] p = new double[classes + 1]; // the last are missing predictions
        double hits = 0;
        double all = 0;
        for (int i = 0; i < classes; i++) {
            for (int j = 0; j <= classes; j++) {
                double n = at(i * (classes + 1) + j);
                t[i] += n;
                p[j] += n;
                all += n;
                hits += i == j ? n : 0;
            }
        }
        double root = Math.sqrt((all * all - dot(p, p)) * (all * all - dot(t, t)));
        return all == 0 ? Double.NaN : root == 0 ? 0 : (hits * all - dot(t, p)) / root;
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }

    @Override
    public boolean isLargerBetter() {
        return true;
    }
}
