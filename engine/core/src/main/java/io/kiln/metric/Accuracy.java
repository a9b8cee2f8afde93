package io.kiln.metric;

import io.kiln.ndarray.NDArray;

/**
 * The share of samples whose largest prediction is that of their label. Shapes: labels […], predictions […,classes].
 */
public final class Accuracy extends Metric {
    /** Creates the metric. */
    public Accuracy() {
        super("accuracy", 2);
    }

    @Override
    protected void observe(NDArray predictions, NDArray labels, NDArray weights) {
        double[] weight = perLabel(weights, labels);
        long[] truth = Samples.classes(name(), predictions, labels, weight);
        int[] said = Samples.decisions(predictions, 0);
        for (int i = 0; i < truth.length; i++) {
            double w = weight[i];
            add(0, said[i] == truth[i] ? w : 0);
            add(1, w);
        }
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
