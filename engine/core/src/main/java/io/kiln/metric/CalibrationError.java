package io.kiln.metric;

import io.kiln.ndarray.NDArray;

/**
 * The difference between the probability of the predicted class and its accuracy: over bins of equal width of that
 * probability, \(\sum_b \frac{n_b}{n} |\mathrm{accuracy}_b - \mathrm{confidence}_b|\). Shapes: labels […], predictions
 * […,classes] of probabilities. C. Guo et al., ICML 2017, with 15 bins. A NaN counts as certain and wrong.
 */
public final class CalibrationError extends Metric {
    private final int bins;

    /** Uses the paper's 15 bins. */
    public CalibrationError() {
        this(15);
    }

    /**
     * Creates the metric.
     *
     * @param bins number of bins, at least 1
     */
    public CalibrationError(int bins) {
        super("calibration-error", Math.multiplyExact(3, bins));
        if (bins < 1) {
            throw new IllegalArgumentException("calibration-error: needs at least 1 bin, got " + bins);
        }
        this.bins = bins;
    }

    @Override
    protected void observe(NDArray predictions, NDArray labels, NDArray weights) {
        double[] weight = perLabel(weights, labels);
        long[] truth = Samples.classes(name(), predictions, labels, weight);
        int[] said = Samples.decisions(predictions, 0);
        float[] p = predictions.toFloatArray();
        int classes = Math.toIntExact(predictions.shape().dim(-1));
        for (int i = 0; i < truth.length; i++) {
            double w = weight[i];
            if (w == 0) {
                continue;
            }
            float confidence = said[i] < 0 ? 1 : p[i * classes + said[i]];
            if (!(confidence >= 0 && confidence <= 1.00001f)) {
                throw new IllegalArgumentException(name() + ": sample " + i + " needs probabilities, got " + confidence
                        + "; take the softmax of logits");
            }
            int bin = Math.min((int) (confidence * bins), bins - 1);
            add(3 * bin, w);
            add(3 * bin + 1, said[i] == truth[i] ? w : 0);
            add(3 * bin + 2, w * confidence);
        }
    }

    @Override
    public double value() {
        double all = 0;
        double gap = 0;
        for (int b = 0; b < bins; b++) {
            all += at(3 * b);
            gap += Math.abs(at(3 * b + 1) - at(3 * b + 2));
        }
        return gap / all;
    }

    @Override
    public boolean isLargerBetter() {
        return false;
    }
}
