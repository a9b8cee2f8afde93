package io.kiln.metric;

import io.kiln.ndarray.NDArray;

/** The share of samples whose largest prediction is at their label. Shapes: labels […], predictions […,classes]. */
public final class Accuracy extends Metric {
    /** Creates the metric. */
    public Accuracy() {
        super("accuracy", 2);
    }

    @Override
    public void update(NDArray predictions, NDArray labels) {
        long[] truth = Samples.classes(name(), predictions, labels);
        int[] said = Samples.decisions(predictions, 0);
        for (int i = 0; i < truth.length; i++) {
            add(0, said[i] == truth[i] ? 1 : 0);
        }
        add(1, truth.length);
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
