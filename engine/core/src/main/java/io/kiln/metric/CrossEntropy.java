package io.kiln.metric;

import io.kiln.ndarray.NDArray;

/**
 * The mean of \(-\ln p_{label}\), or its exponential, the perplexity. Shapes: labels […], predictions […,classes], which are
 * probabilities (each counted as at least 1e-12), or logits, normalised here.
 */
public final class CrossEntropy extends Metric {
    private static final double LEAST = 1e-12;

    private final boolean fromLogits;
    private final boolean exponential;

    private CrossEntropy(String name, boolean fromLogits, boolean exponential) {
        super(name, 2);
        this.fromLogits = fromLogits;
        this.exponential = exponential;
    }

    /**
     * The mean cross-entropy.
     *
     * @param fromLogits whether predictions are logits instead of probabilities
     * @return the metric
     */
    public static CrossEntropy mean(boolean fromLogits) {
        return new CrossEntropy("cross-entropy", fromLogits, false);
    }

    /**
     * The same value under its name as a likelihood, {@code nll}.
     *
     * @param fromLogits whether predictions are logits instead of probabilities
     * @return the metric
     */
    public static CrossEntropy negativeLogLikelihood(boolean fromLogits) {
        return new CrossEntropy("nll", fromLogits, false);
    }

    /**
     * The exponential of the mean cross-entropy over all samples.
     *
     * @param fromLogits whether predictions are logits instead of probabilities
     * @return the metric
     */
    public static CrossEntropy perplexity(boolean fromLogits) {
        return new CrossEntropy("perplexity", fromLogits, true);
    }

    @Override
    protected void observe(NDArray predictions, NDArray labels, NDArray weights) {
        double[] weight = perLabel(weights, labels);
        long[] truth = Samples.classes(name(), predictions, labels, weight);
        float[] p = predictions.toFloatArray();
        int classes = Math.toIntExact(predictions.shape().dim(-1));
        double sum = 0;
        double total = 0;
        for (int i = 0; i < truth.length; i++) {
            double w = weight[i];
            if (w > 0) {
                double own = Samples.hasNan(p, i * classes, classes) ? Double.NaN : p[i * classes + (int) truth[i]];
                sum += w * (fromLogits ? logSumExp(p, i * classes, classes) - own : -Math.log(Math.max(own, LEAST)));
                total += w;
            }
        }
        add(0, sum);
        add(1, total);
    }

    private static double logSumExp(float[] x, int start, int count) {
        double max = x[start + Samples.largest(x, start, count)];
        double sum = 0;
        for (int i = 0; i < count; i++) {
            sum += Math.exp(x[start + i] - max);
        }
        return max + Math.log(sum);
    }

    @Override
    public double value() {
        double mean = at(0) / at(1);
        return exponential ? Math.exp(mean) : mean;
    }

    @Override
    public boolean isLargerBetter() {
        return false;
    }
}
