package io.kiln.spark.job;

import com.fasterxml.jackson.databind.JsonNode;
import io.kiln.graph.RecordJson;
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
import io.kiln.spark.model.ClassOutput;
import io.kiln.spark.model.NamedRecord;
import io.kiln.spark.model.Standardization;
import java.util.Arrays;
import java.util.List;

/**
 * The training objective: to predict classes or a number.
 *
 * @param classifier whether labels are classes
 * @param scores whether the network has one output per class, otherwise a single number
 * @param lossText the loss, as {@link NamedRecord} writes it
 * @param target how a regressor's labels are standardised; null if they are not
 */
public record Objective(boolean classifier, boolean scores, String lossText, Standardization.Target target)
        implements Goal {
    /**
     * Returns the objective of a classifier.
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
                    "loss: a classifier needs softmaxCrossEntropy, smoothedCrossEntropy, softmaxFocal or nll (one output per class), or with sigmoidBce or focal (one output, two classes), got "
                            + l.name());
        }
        return new Objective(true, isOfClasses(l), loss, null);
    }

    /**
     * The loss of smoothed labels.
     *
     * @param loss softmaxCrossEntropy, or any loss if labels are not smoothed
     * @param smoothing the share of a label that goes to all classes; 0 for none
     * @return the loss, as {@link NamedRecord} writes it
     * @throws IllegalArgumentException for another loss
     */
    public static String smoothed(String loss, double smoothing) {
        if (smoothing == 0) {
            return loss;
        }
        if (!(NamedRecord.read(Loss.class, loss) instanceof SoftmaxCrossEntropy s)) {
            throw new IllegalArgumentException(
                    "labelSmoothing: needs loss softmaxCrossEntropy, got %s; unset labelSmoothing".formatted(loss));
        }
        return NamedRecord.write(new SmoothedCrossEntropy(smoothing, s.ignoredLabel(), s.classWeights()));
    }

    private static boolean isOfClasses(Loss l) {
        return l instanceof SoftmaxCrossEntropy
                || l instanceof SmoothedCrossEntropy
                || l instanceof SoftmaxFocal
                || l instanceof Nll;
    }

    /**
     * Returns the objective of a regressor.
     *
     * @param loss any loss of a number
     * @return the objective
     * @throws IllegalArgumentException for a loss of classes
     */
    public static Objective regressor(String loss) {
        Loss l = NamedRecord.read(Loss.class, loss);
        if (isOfClasses(l)) {
            throw new IllegalArgumentException(
                    "loss: a regressor predicts a number, %s is for classes; use l2, l1 or huber".formatted(l.name()));
        }
        if (l instanceof Ctc) {
            throw new IllegalArgumentException(
                    "loss: ctc is for sequences of labels, a regressor predicts one number; train with a Trainer, or use l2, l1 or huber");
        }
        if (l instanceof GaussianNll) {
            throw new IllegalArgumentException(
                    "loss: gaussianNll learns a mean and a variance, a regressor predicts one number; use l2, l1 or huber");
        }
        return new Objective(false, false, loss, null);
    }

    /** The loss of the network's outputs; with a target, the loss of standardised labels. */
    Loss loss() {
        return TargetUnit.loss(NamedRecord.read(Loss.class, lossText), target);
    }

    /**
     * Whether labels may be standardised: the loss depends only on the difference between prediction and label.
     *
     * @return true for l1, l2, huber and quantile
     */
    public boolean isStandardisable() {
        return TargetUnit.isStandardisable(lossText);
    }

    Objective withTarget(Standardization.Target t) {
        return new Objective(classifier, scores, lossText, t);
    }

    /** {@return the factor that converts a loss of standardised labels to the labels' own unit} */
    @Override
    public double lossUnit() {
        return TargetUnit.ofLoss(NamedRecord.read(Loss.class, lossText), target);
    }

    /** Labels whose rows do not count, as the loss defines them. */
    List<Double> ignoredLabels() {
        JsonNode ignored =
                RecordJson.write(NamedRecord.read(Loss.class, lossText)).path("ignoredLabel");
        return ignored.isNumber() ? List.of(ignored.asDouble()) : List.of();
    }

    /**
     * The weight of each row in the denominator of the mean loss, by its class.
     *
     * @param labels labels in the form of {@link #labels}
     * @param outputs the network's outputs per row
     * @return one number per row; null if all are 1
     */
    double[] counts(NDArray labels, int outputs) {
        long rows = labels.shape().dim(0);
        NDArray counts = loss().weights(scores ? Shape.of(rows, outputs) : Shape.of(rows), labels);
        return counts == null ? null : counts.cast(DType.FLOAT64).toDoubleArray();
    }

    @Override
    public int targetCount() {
        return 1;
    }

    @Override
    public NDArray[] targets(Batch batch) {
        return new NDArray[] {labels(batch)};
    }

    @Override
    public NDArray[] zeroTargets() {
        return new NDArray[] {NDArray.zeros(Shape.of(1), labelType())};
    }

    @Override
    public List<NDArray> each(NDArray[] outputs, NDArray... targets) {
        return List.of(loss().compute(outputs[0], targets[0]));
    }

    @Override
    public double[] counts(NDArray[] targets, int classes) {
        return counts(targets[0], classes);
    }

    @Override
    public List<Measure> measures(ValidationMetric.Asked asked, int classes) {
        ValidationMetric.Of of = classes > 0 ? ValidationMetric.Of.CLASSES : ValidationMetric.Of.NUMBERS;
        followed(asked);
        return List.of(ValidationMetric.measure(asked.metric(), 0, of, classes));
    }

    @Override
    public NDArray metricOutputs(int index, NDArray output, int rows, int classes) {
        return classes > 0 ? probabilities(output, rows, classes) : ownOutputs(output);
    }

    @Override
    public NDArray metricTargets(int index, Batch batch) {
        return ownLabels(batch);
    }

    private static NDArray probabilities(NDArray out, int n, int classes) {
        float[] raw = out.toFloatArray();
        int count = raw.length / n;
        float[] p = new float[n * classes];
        for (int i = 0; i < n; i++) {
            double[] ofRow = ClassOutput.scores(raw, i * count, count);
            double[] each = ClassOutput.probabilities(ofRow);
            for (int k = 0; k < classes; k++) {
                p[i * classes + k] = (float) each[k];
            }
        }
        return NDArray.of(Shape.of(n, classes), p);
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
                    "network: loss %s needs one output per class, [2] or more, got %s; end the network with Dense(numClasses), or use loss sigmoidBce with Dense(1)"
                            .formatted(loss().name(), Arrays.toString(outputShape)));
        }
        if (!scores && size != 1) {
            throw new IllegalArgumentException(
                    "network: loss %s needs a single output per row, got %s; end the network with Dense(1)"
                            .formatted(loss().name(), Arrays.toString(outputShape)));
        }
        return !classifier ? 0 : scores ? (int) size : 2;
    }

    /** The dtype of the labels that the loss expects. */
    DType labelType() {
        return scores ? DType.INT32 : DType.FLOAT32;
    }

    /** The labels of a batch in the form that metrics expect. */
    NDArray ownLabels(Batch batch) {
        return target == null ? labels(batch) : withTarget(null).labels(batch);
    }

    /** The network's outputs in the labels' unit. */
    NDArray ownOutputs(NDArray outputs) {
        return TargetUnit.own(outputs, target);
    }

    /** The labels of a batch in the form that the loss expects. */
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
            y[i] = (float) TargetUnit.standardized(batch.label(i), target);
        }
        return NDArray.of(y);
    }
}
