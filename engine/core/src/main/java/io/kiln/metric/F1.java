package io.kiln.metric;

import io.kiln.ndarray.NDArray;

/**
 * The harmonic mean of precision and recall: \(\frac{2 tp}{2 tp + fp + fn}\), 0 if a class neither occurs nor is
 * predicted. Shapes: labels [N], predictions [N,classes]; or, for two classes, scores [N] or [N,1] compared with a
 * threshold.
 */
public final class F1 extends Metric {
    /** How the values of the classes are combined. */
    public enum Average {
        /** The value of class 1 of two classes. */
        BINARY,
        /** The mean of the values of all classes. */
        MACRO,
        /** One value from the counts of all classes together. */
        MICRO
    }

    private final Average average;
    private final int classes;
    private final double threshold;

    /** The value of class 1 of two, with threshold 0.5 for scores. */
    public F1() {
        this(Average.BINARY, 2, 0.5);
    }

    /**
     * Creates the metric.
     *
     * @param average how the values of the classes are combined
     * @param classes number of classes, at least 2
     * @param threshold above which a single score means class 1
     */
    public F1(Average average, int classes, double threshold) {
        super("f1", 3 * classes);
        if (classes < 2 || average == Average.BINARY && classes != 2) {
            throw new IllegalArgumentException(
                    "f1: needs 2 classes, or more for MACRO and MICRO, got " + classes + " for " + average);
        }
        this.average = average;
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
                Confusion.count(this::add, (int) truth[i], said[i], w);
            }
        }
    }

    @Override
    public double value() {
        double[] counts = state();
        double all = 0;
        for (double c : counts) {
            all += c;
        }
        if (all == 0) {
            return Double.NaN;
        }
        return switch (average) {
            case BINARY -> score(at(3), at(4), at(5));
            case MACRO -> macro();
            case MICRO -> micro();
        };
    }

    private double macro() {
        double sum = 0;
        for (int c = 0; c < classes; c++) {
            sum += score(at(3 * c), at(3 * c + 1), at(3 * c + 2));
        }
        return sum / classes;
    }

    private double micro() {
        double[] total = new double[3];
        for (int i = 0; i < 3 * classes; i++) {
            total[i % 3] += at(i);
        }
        return score(total[0], total[1], total[2]);
    }

    private static double score(double hits, double falseAlarms, double misses) {
        double d = 2 * hits + falseAlarms + misses;
        return d == 0 ? 0 : 2 * hits / d;
    }

    @Override
    public boolean isLargerBetter() {
        return true;
    }
}
