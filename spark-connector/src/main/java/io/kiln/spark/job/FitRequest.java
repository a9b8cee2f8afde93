package io.kiln.spark.job;

import io.kiln.optim.UpdateRule;
import io.kiln.spark.feed.FeatureType;
import io.kiln.spark.feed.FeedColumn;
import io.kiln.spark.feed.FeedColumns;
import io.kiln.spark.feed.Labels;
import io.kiln.spark.model.Network;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.ml.attribute.Attribute;
import org.apache.spark.ml.attribute.NominalAttribute;
import org.apache.spark.sql.types.NumericType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * What an estimator asks of a training job.
 *
 * @param uid the estimator's uid, for messages and checkpoints
 * @param columns what is read
 * @param model what is trained
 * @param rule how weights are updated
 * @param run how the job runs
 * @param skipInvalid whether rows with null, NaN or infinite values are left out instead of refused
 * @param listener follows the epochs on the driver
 * @param params the estimator's Params by name, as JSON, for whoever watches the fit
 */
public record FitRequest(
        String uid,
        FeedColumns columns,
        Model model,
        UpdateRule rule,
        RunSettings run,
        boolean skipInvalid,
        EpochListener listener,
        Map<String, String> params) {
    /**
     * What is trained.
     *
     * @param network the network
     * @param inputShape shape of a row; empty to take it from the network or the data
     * @param inputScale factor on the features
     * @param objective what for
     * @param standardize what is standardised inside the network
     * @param classWeights factors on the weights of training rows, one per class; empty when all classes count alike
     * @param ignored labels whose rows are left out
     */
    public record Model(
            Network network,
            int[] inputShape,
            double inputScale,
            Objective objective,
            Standardize standardize,
            List<Double> classWeights,
            List<Double> ignored) {
        /** What labels may be when the network has so many classes. */
        Labels labels(int classes) {
            List<Double> all = new ArrayList<>(ignored);
            all.addAll(objective.ignoredLabels());
            return new Labels(classes, classWeights, all);
        }
    }

    /**
     * What is standardised inside the network.
     *
     * @param features whether each feature is
     * @param target whether the labels of a regressor are
     */
    public record Standardize(boolean features, boolean target) {}

    /**
     * Checks what can be known without data.
     *
     * @param schema the DataFrame's schema
     * @throws IllegalArgumentException when network, columns and Params do not go together
     */
    public void check(StructType schema) {
        Optional<long[]> shape = knownShape(schema);
        if (columns.type() == FeatureType.BYTES && shape.isEmpty()) {
            throw new IllegalArgumentException(
                    "%s: inputShape: binary column \"%s\" does not tell the shape of a row; set inputShape, such as [1, 28, 28]"
                            .formatted(uid, columns.features()));
        }
        shape.ifPresent(s -> {
            int classes = model.objective().classes(model.network().outputShape(s));
            model.labels(classes);
            checkLabel(schema, classes);
        });
        Optional<Integer> declared = columns.declaredWidth(schema);
        if (shape.isPresent() && declared.isPresent() && declared.get() != width(shape.get())) {
            throw new IllegalArgumentException(
                    "%s: column \"%s\" has %d features, the network takes rows of shape %s; change inputShape or the column"
                            .formatted(uid, columns.features(), declared.get(), Arrays.toString(shape.get())));
        }
    }

    private void checkLabel(StructType schema, int classes) {
        StructField label = FeedColumn.find(schema, "labelCol", columns.label()).field();
        if (!(label.dataType() instanceof NumericType)) {
            return; // booleans have no attributes
        }
        Attribute a = Attribute.fromStructField(label);
        if (classes > 0 && a instanceof NominalAttribute n && n.getNumValues().isDefined()) {
            int values = (Integer) n.getNumValues().get();
            if (values > classes) {
                throw new IllegalArgumentException(
                        "%s: column \"%s\" has %d classes, the network gives %d; let it end with Dense(%d)"
                                .formatted(uid, columns.label(), values, classes, values));
            }
        }
    }

    /** Shape of a row, where Params, network or metadata tell it. */
    Optional<long[]> knownShape(StructType schema) {
        if (model.inputShape().length > 0) {
            return Optional.of(Arrays.stream(model.inputShape()).asLongStream().toArray());
        }
        Optional<long[]> own = model.network().rowShape();
        return own.isPresent() ? own : columns.declaredWidth(schema).map(w -> new long[] {w});
    }

    static int width(long... shape) {
        return Math.toIntExact(Arrays.stream(shape).reduce(1, Math::multiplyExact));
    }
}
