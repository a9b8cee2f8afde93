package io.kiln.spark.job;

import io.kiln.graph.Graph;
import io.kiln.spark.feed.FeatureColumns;
import io.kiln.spark.feed.FeedColumn;
import io.kiln.spark.feed.FeedColumns;
import io.kiln.spark.feed.FeedSpec;
import io.kiln.spark.feed.Labels;
import io.kiln.spark.feed.PackedData;
import io.kiln.spark.model.Network;
import io.kiln.spark.model.Standardization;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import org.apache.spark.ml.attribute.Attribute;
import org.apache.spark.ml.attribute.NominalAttribute;
import org.apache.spark.sql.types.NumericType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * Trains a network with one input, the features, and one output, on a column of labels.
 *
 * @param data the data to read
 * @param model the model to train
 */
public record LabelWork(Data data, Model model) implements Work {
    /**
     * The data to read.
     *
     * @param columns the columns
     * @param skipInvalid whether rows with null, NaN or infinite values are skipped instead of rejected
     */
    public record Data(FeedColumns columns, boolean skipInvalid) {}

    /**
     * The model to train.
     *
     * @param network the network
     * @param inputShape shape of a row; empty to derive it from the network or the data
     * @param inputScale factor on the features
     * @param objective the training objective
     * @param standardize what is standardised inside the network
     * @param classWeights factors on the weights of training rows, one per class; empty if all classes have the same
     *     weight
     * @param ignored labels whose rows are skipped
     */
    public record Model(
            Network network,
            int[] inputShape,
            double inputScale,
            Objective objective,
            Standardize standardize,
            List<Double> classWeights,
            List<Double> ignored) {
        /** The allowed labels for a network with this many classes. */
        Labels labels(int classes) {
            List<Double> all = new ArrayList<>(ignored);
            all.addAll(objective.ignoredLabels());
            return new Labels(classes, classWeights, all);
        }
    }

    /**
     * What is standardised inside the network.
     *
     * @param features whether features are standardised
     * @param target whether the labels of a regressor are
     */
    public record Standardize(boolean features, boolean target) {}

    @Override
    public void check(String uid, StructType schema, ValidationMetric.Asked asked) {
        Optional<long[]> shape = knownShape();
        if (data.columns().features().isBytes() && shape.isEmpty()) {
            throw new IllegalArgumentException(
                    "%s: inputShape: binary %s does not define the shape of a row; set inputShape, for example to [1, 28, 28]"
                            .formatted(uid, data.columns().features().text()));
        }
        shape.ifPresent(s -> {
            int classes = model.objective().classes(model.network().outputShape(s));
            model.labels(classes);
            checkLabel(uid, schema, classes);
            model.objective().measures(asked, classes);
        });
        Optional<Integer> declared = data.columns().features().declaredWidth();
        if (shape.isPresent() && declared.isPresent() && declared.get() != width(shape.get())) {
            throw new IllegalArgumentException(
                    "%s: %s has %d features, the network takes rows of shape %s; change inputShape or the columns"
                            .formatted(
                                    uid,
                                    data.columns().features().text(),
                                    declared.get(),
                                    Arrays.toString(shape.get())));
        }
    }

    private void checkLabel(String uid, StructType schema, int classes) {
        StructField label =
                FeedColumn.find(schema, "labelCol", data.columns().label()).field();
        if (!(label.dataType() instanceof NumericType)) {
            return; // booleans have no attributes
        }
        Attribute a = Attribute.fromStructField(label);
        if (classes > 0 && a instanceof NominalAttribute n && n.getNumValues().isDefined()) {
            int values = (Integer) n.getNumValues().get();
            if (values > classes) {
                throw new IllegalArgumentException(
                        "%s: column \"%s\" has %d classes, the network has %d; let it end with Dense(%d)"
                                .formatted(uid, data.columns().label(), values, classes, values));
            }
        }
    }

    /** Shape of a row, if Params, network or metadata define it. */
    Optional<long[]> knownShape() {
        if (model.inputShape().length > 0) {
            return Optional.of(Arrays.stream(model.inputShape()).asLongStream().toArray());
        }
        Optional<long[]> own = model.network().rowShape();
        return own.isPresent() ? own : data.columns().features().declaredWidth().map(w -> new long[] {w});
    }

    private static int width(FeatureColumns features, Map<String, Integer> widths) {
        return features.width(widths.get(features.unknown().orElseThrow().name()));
    }

    static int width(long... shape) {
        return Math.toIntExact(Arrays.stream(shape).reduce(1, Math::multiplyExact));
    }

    @Override
    public Optional<FeedColumn> unknownWidth(StructType schema, Map<String, Integer> widths) {
        return knownShape().isPresent()
                ? Optional.empty()
                : data.columns().features().unknown().filter(c -> !widths.containsKey(c.name()));
    }

    @Override
    public Prepared prepare(String uid, StructType schema, Map<String, Integer> widths) {
        long[] rowShape =
                knownShape().orElseGet(() -> new long[] {width(data.columns().features(), widths)});
        Network.Traced network = model.network().trace(rowShape);
        int classes = model.objective().classes(network.outputShape());
        FeedSpec spec = new FeedSpec(data.columns(), width(rowShape), model.labels(classes), data.skipInvalid());
        TrainingPlan.Input input =
                new TrainingPlan.Input(rowShape, data.columns().features().isBytes(), model.inputScale());
        return new Prepared(network, spec, input, model.objective(), classes);
    }

    /** A network that was trained before keeps the means and deviations with which its weights were trained. */
    @Override
    public Learner learner(Prepared prepared, PackedData rows)
            throws ExecutionException, TimeoutException, InterruptedException {
        Objective objective = model.objective();
        Network.Traced inner = prepared.network();
        Optional<Standardization.Target> before = Standardization.target(inner.graph());
        if (before.isPresent() && objective.isStandardisable()) {
            inner = Standardization.withoutTarget(inner);
            objective = objective.withTarget(before.get());
        } else if (model.standardize().target()) {
            objective = objective.withTarget(Standardization.Target.of(rows.labels()));
        }
        if (model.standardize().features() && !Standardization.hasFeatures(inner)) {
            int width = prepared.spec().fields().get(0).width();
            inner = Standardization.features(inner, rows.features(0, width), model.inputScale());
        }
        return new Learner(inner, objective);
    }

    @Override
    public Graph finished(Learner learner) {
        Graph g = learner.network().graph();
        Standardization.Target target = ((Objective) learner.goal()).target();
        return target == null ? g : Standardization.target(g, target);
    }

    @Override
    public String validationIndicatorCol() {
        return data.columns().validation();
    }

    @Override
    public double inputScale() {
        return model.inputScale();
    }
}
