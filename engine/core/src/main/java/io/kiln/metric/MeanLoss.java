package io.kiln.metric;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.nn.loss.Loss;

/** The mean of a loss over all samples. Shapes: those of the loss. */
public final class MeanLoss extends Metric {
    private final Loss loss;

    /**
     * Creates the metric.
     *
     * @param loss the loss
     */
    public MeanLoss(Loss loss) {
        super(loss.name(), 2);
        this.loss = loss;
    }

    @Override
    protected void observe(NDArray predictions, NDArray labels, NDArray weights) {
        try (Scope scope = Scope.open()) {
            if (weights != null || loss.weights(predictions.shape(), labels) != null) {
                NDArray[] sums =
                        weights == null ? loss.sums(predictions, labels) : loss.sums(predictions, labels, weights);
                add(0, sums[0].item());
                add(1, sums[1].item());
                return;
            }
            double sum = 0;
            double[] losses = loss.compute(predictions, labels).toDoubleArray();
            for (double l : losses) {
                sum += l;
            }
            add(0, sum);
            add(1, losses.length);
        }
    }

    @Override
    public double value() {
        return at(0) / at(1);
    }

    @Override
    public boolean isLargerBetter() {
        return false;
    }
}
