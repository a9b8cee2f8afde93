package io.kiln.spark.job;

import com.fasterxml.jackson.databind.JsonNode;
import io.kiln.graph.RecordJson;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.nn.loss.Focal;
import io.kiln.nn.loss.Huber;
import io.kiln.nn.loss.L1;
import io.kiln.nn.loss.L2;
import io.kiln.nn.loss.Loss;
import io.kiln.nn.loss.Quantile;
import io.kiln.nn.loss.SigmoidBce;
import io.kiln.spark.feed.Batch;
import java.util.Optional;

/**
 * The metric of an output, by its loss: usually accuracy of classes, and of yes-or-no questions, one or several; the root of
 * the mean squared error of numbers. Quantiles have metrics of numbers only if one is asked for. Distributions as targets,
 * and losses of anything else, have none.
 */
final class HeadMetric {
    private static final double HALF = 0.5;

    private HeadMetric() {}

    /** The metric that is reported if none is asked for. */
    static Optional<Measure> usual(Heads.Head head, int index) {
        return kind(head)
                .filter(of -> !(head.read() instanceof Quantile))
                .map(of -> ValidationMetric.measure(ValidationMetric.LOSS, index, of, classes(head)));
    }

    /**
     * The metric that is asked for.
     *
     * @throws IllegalArgumentException if the output's loss has no such metric
     */
    static Measure measure(Heads.Head head, int index, String metric) {
        ValidationMetric.Of of = kind(head)
                .orElseThrow(() -> new IllegalArgumentException(
                        "validationMetric: %s: output %s has loss %s%s, for which there is no metric; ask for loss"
                                .formatted(
                                        metric,
                                        head.output(),
                                        head.read().name(),
                                        head.classes() > 0 ? " of distributions over classes" : "")));
        try {
            return ValidationMetric.measure(metric, index, of, classes(head));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "%s; output %s has loss %s"
                            .formatted(
                                    e.getMessage(), head.output(), head.read().name()),
                    e);
        }
    }

    private static Optional<ValidationMetric.Of> kind(Heads.Head head) {
        Loss loss = head.read();
        if (head.dtype() == DType.INT32 || isYesOrNo(loss)) {
            return Optional.of(ValidationMetric.Of.CLASSES);
        }
        boolean numbers = loss instanceof L1 || loss instanceof L2 || loss instanceof Huber || loss instanceof Quantile;
        return numbers ? Optional.of(ValidationMetric.Of.NUMBERS) : Optional.empty();
    }

    private static boolean isYesOrNo(Loss loss) {
        return loss instanceof SigmoidBce || loss instanceof Focal;
    }

    private static boolean isOfClasses(Heads.Head head) {
        return kind(head).orElseThrow() == ValidationMetric.Of.CLASSES;
    }

    private static int classes(Heads.Head head) {
        return isYesOrNo(head.read()) ? 2 : head.classes();
    }

    /**
     * The output; of classes, a row of scores for each label, which for two classes are probabilities. For a yes-or-no
     * question these are those of no and yes.
     */
    static NDArray outputs(Heads.Head head, NDArray output) {
        if (!isOfClasses(head)) {
            return output;
        }
        int classes = classes(head);
        if (classes > 2) {
            return output.reshape(output.size() / classes, classes);
        }
        float[] scores = output.toFloatArray();
        boolean single = isYesOrNo(head.read());
        int labels = single ? scores.length : scores.length / 2;
        float[] both = new float[2 * labels];
        for (int i = 0; i < labels; i++) {
            double yes = single ? scores[i] : scores[2 * i + 1] - (double) scores[2 * i];
            both[2 * i] = (float) (1 / (1 + Math.exp(yes)));
            both[2 * i + 1] = (float) (1 / (1 + Math.exp(-yes)));
        }
        return NDArray.of(Shape.of(labels, 2), both);
    }

    /** The targets; of classes, a row of labels. */
    static NDArray targets(Heads.Head head, Batch batch) {
        NDArray targets = head.targets(batch, null);
        if (!isOfClasses(head)) {
            return targets;
        }
        NDArray labels = targets.reshape(targets.size());
        return isYesOrNo(head.read()) ? labels.ge(HALF).cast(DType.INT32) : labels;
    }

    /** The weight of each row; of each element, where a row has several or where some do not count. */
    static NDArray weights(Heads.Head head, Batch batch, NDArray rows) {
        JsonNode ignored = RecordJson.write(head.read()).path("ignoredLabel");
        NDArray targets = head.targets(batch, null);
        boolean elements = rows != null && isOfClasses(head) && targets.size() != batch.rows();
        if (!head.isRagged() && !ignored.isNumber() && !elements) {
            return rows;
        }
        float[] each = new float[Math.toIntExact(targets.size())];
        float[] labels = targets.toFloatArray();
        int perRow = batch.rows() == 0 ? 1 : each.length / batch.rows();
        int perElement =
                head.isRagged() ? perRow / Math.toIntExact(targets.shape().dim(1)) : perRow;
        for (int i = 0; i < each.length; i++) {
            int row = i / perRow;
            boolean counts = !head.isRagged() || i % perRow / perElement < batch.length(head.field(), row);
            boolean isIgnored = ignored.isNumber() && labels[i] == ignored.asDouble();
            each[i] = counts && !isIgnored ? (float) batch.weight(row) : 0;
        }
        return NDArray.of(isOfClasses(head) ? Shape.of(each.length) : targets.shape(), each);
    }
}
