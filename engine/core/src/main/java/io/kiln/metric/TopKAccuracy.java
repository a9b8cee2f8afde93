package io.kiln.metric;

import io.kiln.ndarray.NDArray;

/**
 * The share of samples whose label is among the k largest predictions: fewer than k predictions are larger than that of the
 * label, or equal to it at a smaller index. Shapes: labels […], predictions […,classes].
 */
public final class TopKAccuracy extends Metric {
    private final int k;

    /**
     * Creates the metric.
     *
     * @param k number of predictions that count, at least 1
     */
    public TopKAccuracy(int k) {
        super("top" + k, 2);
        if (k < 1) {
            throw new IllegalArgumentException("topKAccuracy: k must be >= 1, got " + k);
        }
        this.k = k;
    }

    @Override
    protected void observe(NDArray predictions, NDArray labels, NDArray weights) {
        double[] weight = perLabel(weights, labels);
        long[] truth = Samples.classes(name(), predictions, labels, weight);
        float[] p = predictions.toFloatArray();
        int classes = Math.toIntExact(predictions.shape().dim(-1));
        for (int i = 0; i < truth.length; i++) {
            double w = weight[i];
            add(0, w > 0 && isAmongFirst(p, i * classes, classes, (int) truth[i]) ? w : 0);
            add(1, w);
        }
    }

    private boolean isAmongFirst(float[] p, int start, int classes, int truth) {
        float own = p[start + truth];
        int before = 0;
        for (int i = 0; i < classes; i++) {
            float other = p[start + i];
            if (other > own || other == own && i < truth) {
                before++;
            }
        }
        return before < k && !Samples.hasNan(p, start, classes);
    }

    @Override
    public double value() {
        return at(0) / at(1);
    }

    @Override
    public boolean isLargerBetter() {
        return true;
    }
}
