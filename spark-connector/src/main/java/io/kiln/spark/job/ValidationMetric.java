package io.kiln.spark.job;

import io.kiln.graph.KnownRecords;
import io.kiln.metric.Accuracy;
import io.kiln.metric.Auc;
import io.kiln.metric.F1;
import io.kiln.metric.Mcc;
import io.kiln.metric.Metric;
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
    ACCURACY(true, c -> new Accuracy()),
    /** Share of rows whose class is among the five most probable. */
    TOP5(true, c -> new TopKAccuracy(5)),
    /** F1 of class 1 for two classes; the mean over all classes for more. */
    F1(true, c -> new F1(c == 2 ? io.kiln.metric.F1.Average.BINARY : io.kiln.metric.F1.Average.MACRO, c, 0.5)),
    /** Matthews correlation. */
    MCC(true, c -> new Mcc(c, 0.5)),
    /** Area under the receiver operating characteristic; for two classes. */
    AUC(true, c -> new Auc()),
    /** Mean absolute error. */
    MAE(false, c -> RegressionError.mae()),
    /** Mean squared error. */
    MSE(false, c -> RegressionError.mse()),
    /** Root of the mean squared error. */
    RMSE(false, c -> RegressionError.rmse()),
    /** Pearson's correlation. */
    PEARSON(false, c -> new Pearson());

    /** The name of the loss itself. */
    public static final String LOSS = "loss";

    private final boolean ofClasses;
    private final IntFunction<Metric> factory;

    ValidationMetric(boolean ofClasses, IntFunction<Metric> factory) {
        this.ofClasses = ofClasses;
        this.factory = factory;
    }

    /**
     * Checks that a text names a metric or the loss, as the validator of a Param.
     *
     * @param name the text: {@code loss}, or one of these constants in lower case
     * @return true
     * @throws IllegalArgumentException if it names none
     */
    public static boolean check(String name) {
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

    /** The metric that is reported: the named one or, if the loss is named, the usual one. */
    static ValidationMetric reported(String name, boolean classifier) {
        if (name.equals(LOSS)) {
            return classifier ? ACCURACY : RMSE;
        }
        return valueOf(name.toUpperCase(Locale.ROOT));
    }

    /** Rejects metrics that do not fit the objective. */
    void check(int classes) {
        String name = name().toLowerCase(Locale.ROOT);
        if (ofClasses != classes > 0) {
            throw new IllegalArgumentException(
                    "validationMetric: %s is for a %s".formatted(name, ofClasses ? "classifier" : "regressor"));
        }
        if (this == AUC && classes != 2) {
            throw new IllegalArgumentException(
                    "validationMetric: auc is for two classes, the network has %d; use accuracy or mcc"
                            .formatted(classes));
        }
    }

    Metric create(int classes) {
        return factory.apply(classes);
    }
}
