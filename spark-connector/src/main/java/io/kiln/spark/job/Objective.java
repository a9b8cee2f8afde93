package io.kiln.spark.job;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.nn.loss.Ctc;
import io.kiln.nn.loss.Focal;
import io.kiln.nn.loss.GaussianNll;
import io.kiln.nn.loss.Loss;
import io.kiln.nn.loss.Nll;
import io.kiln.nn.loss.SigmoidBce;
import io.kiln.nn.loss.SmoothedCrossEntropy;
import io.kiln.nn.loss.SoftmaxCrossEntropy;
import io.kiln.nn.loss.SoftmaxFocal;
import io.kiln.spark.feed.Batch;
import io.kiln.spark.model.NamedRecord;
import java.io.Serializable;
import java.util.Arrays;

/**
 * What a network is trained for: to tell classes apart, or to predict a number.
 *
 * @param classifier whether labels are classes
 * @param scores whether the network gives one score per class, otherwise a single number
 * @param lossText the loss, as {@link NamedRecord} writes it
 */
public record Objective(boolean classifier, boolean scores, String lossText) implements Serializable {
    /**
     * To tell classes apart.
     *
     * @param loss {@code softmaxCrossEntropy}, {@code smoothedCrossEntropy}, {@code softmaxFocal}, {@code nll},
     *     {@code sigmoidBce} or {@code focal}
     * @return the objective
     * @throws IllegalArgumentException for another loss
     */
    public static Objective classifier(String loss) {
        Loss l = NamedRecord.read(Loss.class, loss);
        if (!isOfClasses(l) && !(l instanceof SigmoidBce) && !(l instanceof Focal)) {
            throw new IllegalArgumentException(
                    "loss: a classifier learns with softmaxCrossEntropy, smoothedCrossEntropy, softmaxFocal or nll (one output per class), or with sigmoidBce or focal (one output, two classes), got "
                            + l.name());
        }
        return new Objective(true, isOfClasses(l), loss);
    }

    private static boolean isOfClasses(Loss l) {
        return l instanceof SoftmaxCrossEntropy
                || l instanceof SmoothedCrossEntropy
                || l instanceof SoftmaxFocal
                || l instanceof Nll;
    }

    /**
     * To predict a number.
     *
     * @param loss any loss of a number
     * @return the objective
     * @throws IllegalArgumentException for a loss of classes
     */
    public static Objective regressor(String loss) {
        Loss l = NamedRecord.read(Loss.class, loss);
        if (isOfClasses(l)) {
            throw new IllegalArgumentException(
                    "loss: a regressor predicts a number, %s is for classes; take l2, l1 or huber".formatted(l.name()));
        }
        if (l instanceof Ctc) {
            throw new IllegalArgumentException(
                    "loss: ctc is for sequences of labels, a regressor gives one number; train with a Trainer, or take l2, l1 or huber");
        }
        if (l instanceof GaussianNll) {
            throw new IllegalArgumentException(
                    "loss: gaussianNll learns a mean and a variance, a regressor gives one number; take l2, l1 or huber");
        }
        return new Objective(false, false, loss);
    }

    Loss loss() {
        return NamedRecord.read(Loss.class, lossText);
    }

    /**
     * Checks the network's output.
     *
     * @param outputShape its shape without the batch
     * @return the number of classes; 0 for a regressor
     */
    int classes(long... outputShape) {
        long size = Arrays.stream(outputShape).reduce(1, Math::multiplyExact);
        if (scores && (outputShape.length != 1 || size < 2)) {
            throw new IllegalArgumentException(
                    "network: loss %s needs one output per class, [2] or more, got %s; end the network with Dense(numClasses), or take loss sigmoidBce with Dense(1)"
                            .formatted(loss().name(), Arrays.toString(outputShape)));
        }
        if (!scores && size != 1) {
            throw new IllegalArgumentException(
                    "network: loss %s needs a single output per row, got %s; end the network with Dense(1)"
                            .formatted(loss().name(), Arrays.toString(outputShape)));
        }
        return !classifier ? 0 : scores ? (int) size : 2;
    }

    /** The type of the labels that the loss takes. */
    DType labelType() {
        return scores ? DType.INT32 : DType.FLOAT32;
    }

    /** The labels of a batch as the loss takes them. */
    NDArray labels(Batch batch) {
        if (scores) {
            int[] y = new int[batch.rows()];
            for (int i = 0; i < y.length; i++) {
                y[i] = (int) batch.label(i);
            }
            return NDArray.of(Shape.of(y.length), y);
        }
        float[] y = new float[batch.rows()];
        for (int i = 0; i < y.length; i++) {
            y[i] = (float) batch.label(i);
        }
        return NDArray.of(y);
    }
}
