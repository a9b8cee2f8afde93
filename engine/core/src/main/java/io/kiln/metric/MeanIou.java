package io.kiln.metric;

import io.kiln.ndarray.NDArray;
import java.util.stream.IntStream;

/**
 * The overlap of predicted regions with the true ones: the mean over classes of \(\frac{tp}{tp + fp + fn}\), the
 * Jaccard index, over classes that occur or are predicted. Shapes: labels […], predictions with one more axis, that of
 * the classes.
 */
public final class MeanIou extends Metric {
    private final int classes;
    private final int axis;

    /**
     * For predictions [N,classes,…], as returned by convolutions.
     *
     * @param classes number of classes, at least 2
     */
    public MeanIou(int classes) {
        this(classes, 1);
    }

    /**
     * Creates the metric.
     *
     * @param classes number of classes, at least 2
     * @param axis the axis of the classes in predictions; negative ones are counted from the end
     */
    public MeanIou(int classes, int axis) {
        super("mean-iou", Math.multiplyExact(3, classes));
        if (classes < 2) {
            throw new IllegalArgumentException("mean-iou: needs at least 2 classes, got " + classes);
        }
        this.classes = classes;
        this.axis = axis;
    }

    @Override
    protected void observe(NDArray predictions, NDArray labels, NDArray weights) {
        double[] weight = perLabel(weights, labels);
        int rank = predictions.shape().rank();
        int at = predictions.shape().axis(axis);
        int[] last = IntStream.concat(IntStream.range(0, rank).filter(i -> i != at), IntStream.of(at))
                .toArray();
        int[] said = Samples.decisions(predictions.transpose(last), 0);
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
        double sum = 0;
        int seen = 0;
        for (int c = 0; c < classes; c++) {
            double union = at(3 * c) + at(3 * c + 1) + at(3 * c + 2);
            if (union > 0) {
                sum += at(3 * c) / union;
                seen++;
            }
        }
        return sum / seen;
    }

    @Override
    public boolean isLargerBetter() {
        return true;
    }
}
