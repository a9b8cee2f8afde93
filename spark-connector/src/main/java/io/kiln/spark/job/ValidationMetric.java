package io.kiln.spark.job;

import io.kiln.graph.KnownRecords;
import io.kiln.metric.Accuracy;
import io.kiln.metric.Auc;
import io.kiln.metric.F1;
import io.kiln.metric.Mcc;
import io.kiln.metric.MeanAveragePrecision;
import io.kiln.metric.Metric;
import io.kiln.metric.Ndcg;
import io.kiln.metric.Pearson;
import io.kiln.metric.RegressionError;
import io.kiln.metric.TopKAccuracy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.IntFunction;

/** The metrics for validation rows, besides the loss. */
public enum ValidationMetric {
    /** Share of rows with the correct class. */
    ACCURACY(Of.CLASSES, c -> new Accuracy()),
    /** Share of rows whose class is among the five most probable. */
    TOP5(Of.CLASSES, c -> new TopKAccuracy(5)),
    /** F1 of class 1 for two classes; the mean over all classes for more. */
    F1(Of.CLASSES, c -> new F1(c == 2 ? io.kiln.metric.F1.Average.BINARY : io.kiln.metric.F1.Average.MACRO, c, 0.5)),
    /** Matthews correlation. */
    MCC(Of.CLASSES, c -> new Mcc(c, 0.5)),
    /** Area under the receiver operating characteristic; for two classes. */
    AUC(Of.CLASSES, c -> new Auc()),
    /** Mean absolute error. */
    MAE(Of.NUMBERS, c -> RegressionError.mae()),
    /** Mean squared error. */
    MSE(Of.NUMBERS, c -> RegressionError.mse()),
    /** Root of the mean squared error. */
    RMSE(Of.NUMBERS, c -> RegressionError.rmse()),
    /** Pearson's correlation. */
    PEARSON(Of.NUMBERS, c -> new Pearson()),
    /** Normalised discounted cumulative gain of the first places of lists. */
    NDCG(Of.LISTS, k -> new Ndcg(k)),
    /** Mean average precision of lists. */
    MAP(Of.LISTS, k -> new MeanAveragePrecision());

    /** The name of the loss itself. */
    public static final String LOSS = "loss";

    private static final int MOST_CONFUSED = 1024;

    private final Of of;
    private final IntFunction<Metric> factory;

    /** What a metric measures. */
    enum Of {
        /** Classes. */
        CLASSES("a classifier"),
        /** Numbers. */
        NUMBERS("a regressor"),
        /** The order of lists. */
        LISTS("a ranker");

        private final String learner;

        Of(String learner) {
            this.learner = learner;
        }

        private ValidationMetric usual() {
            return switch (this) {
                case CLASSES -> ACCURACY;
                case NUMBERS -> RMSE;
                case LISTS -> NDCG;
            };
        }
    }

    ValidationMetric(Of of, IntFunction<Metric> factory) {
        this.of = of;
        this.factory = factory;
    }

    /**
     * A metric that is asked for.
     *
     * @param output the output that is meant; empty for the only one or, if the metric is the loss, for all together
     * @param metric name of the metric, or {@link #LOSS}
     */
    public record Asked(String output, String metric) {
        /** {@return whether it is the loss} */
        boolean isLoss() {
            return metric.equals(LOSS);
        }

        /** {@return the text that {@link #asked} reads} */
        @Override
        public String toString() {
            return output.isEmpty() ? metric : output + ":" + metric;
        }
    }

    /** Reads a text that {@link #check(String)} accepts. */
    static Asked asked(String text) {
        int colon = text.lastIndexOf(':');
        return new Asked(text.substring(0, Math.max(0, colon)), text.substring(colon + 1));
    }

    /**
     * Checks that a text names a metric or the loss, as the validator of a Param.
     *
     * @param text the text: {@code loss}, or one of these constants in lower case; before it, perhaps the name of one of
     *     several outputs and a colon
     * @return true
     * @throws IllegalArgumentException if it names none
     */
    public static boolean check(String text) {
        String name = asked(text).metric();
        if (!name.equals(LOSS) && !names().contains(name)) {
            List<String> known = new ArrayList<>(names());
            known.add(0, LOSS);
            throw new IllegalArgumentException(
                    "validationMetric: unknown metric \"%s\"%s".formatted(name, KnownRecords.suggestion(name, known)));
        }
        return true;
    }

    private static List<String> names() {
        return Arrays.stream(values())
                .map(m -> m.name().toLowerCase(Locale.ROOT))
                .toList();
    }

    /**
     * The metric that is reported of an output: the named one or, if the loss is named, the usual one.
     *
     * @param name the name of a metric, or the loss
     * @param output index of the output
     * @param of what the output predicts
     * @param size the number of classes, or of the first places of lists that count
     * @throws IllegalArgumentException if the metric does not fit
     */
    static Measure measure(String name, int output, Of of, int size) {
        ValidationMetric m = name.equals(LOSS) ? of.usual() : valueOf(name.toUpperCase(Locale.ROOT));
        m.check(of, size);
        String shown = m.name().toLowerCase(Locale.ROOT);
        return new Measure(output, m == NDCG ? shown + "@" + size : shown, () -> m.factory.apply(size));
    }

    private void check(Of wanted, int classes) {
        String name = name().toLowerCase(Locale.ROOT);
        if (of != wanted) {
            throw new IllegalArgumentException("validationMetric: %s is for %s".formatted(name, of.learner));
        }
        if (this == AUC && classes != 2) {
            throw new IllegalArgumentException(
                    "validationMetric: auc is for two classes, the network has %d; use accuracy or mcc"
                            .formatted(classes));
        }
        if (this == MCC && classes > MOST_CONFUSED) {
            throw new IllegalArgumentException(
                    "validationMetric: mcc counts all pairs of classes, at most %d classes, the network has %d; use accuracy or f1"
                            .formatted(MOST_CONFUSED, classes));
        }
    }
}
