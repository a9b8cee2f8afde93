package io.kiln.examples;

import io.kiln.ml.ImageClassifier;
import io.kiln.ml.MlpClassifier;
import io.kiln.ml.MlpRegressor;
import io.kiln.ml.NetClassifier;
import io.kiln.ml.NetEstimator;
import io.kiln.ml.NetRanker;
import io.kiln.ml.NetRegressor;
import io.kiln.ml.NeuralCF;
import io.kiln.ml.SequenceForecaster;
import io.kiln.ml.TextClassifier;
import io.kiln.ml.TwoTower;
import io.kiln.ml.WideAndDeepClassifier;
import io.kiln.ml.WideAndDeepRegressor;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.spark.ml.Estimator;
import org.apache.spark.ml.param.Param;

/** Generates docs/estimators.md from the Params of the estimators. */
final class ParamsPage {
    private static final Map<String, String> TYPES = Map.of(
            "IntParam", "int",
            "LongParam", "long",
            "DoubleParam", "double",
            "BooleanParam", "boolean",
            "IntArrayParam", "int[]",
            "DoubleArrayParam", "double[]",
            "StringArrayParam", "String[]",
            "NetworkParam", "Block or JSON",
            "InitialModelParam", "model or path",
            "TextParam", "String");

    /** What MLlib's own text does not say. */
    private static final Map<String, String> MEANINGS = Map.of("checkpointInterval", "epochs between checkpoints");

    /** A table of the page. */
    private record Group(String title, List<String> params) {
        Group(String title, String... params) {
            this(title, List.of(params));
        }
    }

    private static final List<Group> GROUPS = List.of(
            new Group(
                    "The network and what feeds it",
                    "network",
                    "featuresCol",
                    "featuresCols",
                    "inputShape",
                    "inputScale",
                    "standardizeFeatures",
                    "inputCols",
                    "inputNames",
                    "inputTypes",
                    "maxLength",
                    "lengthBuckets",
                    "inputScales",
                    "standardizeInputs",
                    "imageFit",
                    "imageTransforms",
                    "imageMean",
                    "imageDeviation",
                    "decoderInput",
                    "startToken",
                    "endToken",
                    "maxDecodedLength",
                    "beamWidth",
                    "handleInvalid"),
            new Group(
                    "What it learns",
                    "labelCol",
                    "loss",
                    "weightCol",
                    "classWeights",
                    "ignoredLabel",
                    "labelSmoothing",
                    "standardizeTarget",
                    "targetCols",
                    "targetNames",
                    "losses",
                    "lossWeights"),
            new Group(
                    "What it takes over from another model",
                    "initialModel",
                    "reinitialized",
                    "trainable",
                    "frozen",
                    "learningRateFactors"),
            new Group(
                    "How it learns",
                    "maxEpochs",
                    "batchSize",
                    "optimizer",
                    "learningRate",
                    "learningRateSchedule",
                    "weightDecay",
                    "gradientClipNorm",
                    "gradientClipValue",
                    "emaDecay",
                    "swaStart",
                    "mixup",
                    "shuffle",
                    "seed"),
            new Group("When it stops", "validationIndicatorCol", "validationMetric", "earlyStoppingPatience"),
            new Group(
                    "Where it computes",
                    "numWorkers",
                    "coresPerWorker",
                    "device",
                    "precision",
                    "memoryBudget",
                    "gradientAccumulation",
                    "kvStoreType",
                    "storageLevel"),
            new Group(
                    "What it survives",
                    "checkpointDir",
                    "checkpointInterval",
                    "snapshotInterval",
                    "maxResubmissions",
                    "heartbeatTimeout",
                    "timeout"),
            new Group("What it shows", "showProgress", "summaryDir"),
            new Group(
                    "What its model adds to a table",
                    "predictionCol",
                    "probabilityCol",
                    "rawPredictionCol",
                    "thresholds",
                    "outputNames",
                    "outputCols",
                    "predictionBatchSize"));

    private final List<Estimator<?>> estimators = List.of(new NetClassifier(), new NetRegressor(), new NetEstimator());

    /** Estimators whose networks are ready, with Params beside those of the others. */
    private final List<Estimator<?>> ready = List.of(
            new MlpClassifier(),
            new MlpRegressor(),
            new TextClassifier(),
            new ImageClassifier(),
            new SequenceForecaster(),
            new NetRanker(),
            new WideAndDeepClassifier(),
            new WideAndDeepRegressor(),
            new TwoTower(),
            new NeuralCF());

    /** Params of the estimators that no group has. */
    Set<String> withoutGroup() {
        Set<String> left = new TreeSet<>(params().keySet());
        GROUPS.forEach(g -> left.removeAll(g.params()));
        return left;
    }

    /** The whole page. */
    String page() {
        StringBuilder page = new StringBuilder(
                """
                # Estimators and their Params

                This page is generated from the estimators by `mvn test -pl examples -am -Dtest=ParamsPageTest -Dkiln.write=true`;
                a test fails if it is out of date.

                | estimator | trains | its model |
                |---|---|---|
                | `NetClassifier` | a network that predicts classes from one column | `NetClassificationModel` |
                | `NetRegressor` | a network that predicts a number from one column | `NetRegressionModel` |
                | `NetEstimator` | a network with any named inputs and outputs | `NetModel` |
                | `MlpClassifier` | a multilayer perceptron that predicts classes | `NetClassificationModel` |
                | `MlpRegressor` | a multilayer perceptron that predicts a number | `NetRegressionModel` |
                | `TextClassifier` | a vector for each token, and an encoder, that predict classes from texts | `TextClassificationModel` |
                | `ImageClassifier` | a network of the zoo that predicts classes from images | `ImageClassificationModel` |
                | `SequenceForecaster` | an autoregression and an encoder that forecast series | `SequenceForecasterModel` |
                | `NetRanker` | a network whose scores rank the rows of a group | `NetRankerModel` |
                | `WideAndDeepClassifier` | a linear model of numbers, categories and crosses, and a perceptron, that predict classes | `WideAndDeepClassificationModel` |
                | `WideAndDeepRegressor` | the same network, that predicts a number | `WideAndDeepRegressionModel` |
                | `TwoTower` | vectors of users and items, which recommend items | `TwoTowerModel` |
                | `NeuralCF` | vectors of users and items and a perceptron, which recommend items | `NeuralCFModel` |

                All are in `io.kiln.ml` and in Python's `kiln.ml`. A Param `x` is set by `setX` in Java and Scala, and by `x=…` or `setX` in
                Python. A model keeps the Params of its estimator. *All* stands for the first three, *C* for `NetClassifier`, *R* for
                `NetRegressor` and *E* for `NetEstimator`; without a default a Param is unset.
                """);
        Map<String, Param<?>> params = params();
        for (Group g : GROUPS) {
            page.append("\n## ")
                    .append(g.title())
                    .append("\n\n| Param | type | default | of | |\n|---|---|---|---|---|\n");
            g.params().forEach(name -> page.append(row(params.get(name))).append('\n'));
        }
        page.append(
                """

                ## Ready networks, and ranking

                `MlpClassifier` and `MlpRegressor` have the Params of `NetClassifier` and `NetRegressor`, the others those of training.
                `TextClassifier`, `ImageClassifier` and `WideAndDeepClassifier` also have `labelCol`, `labelSmoothing`, `thresholds` and
                the columns that `NetClassifier`'s model adds; texts have `maxLength` (%d by default) and `lengthBuckets`, images `imageFit`,
                `imageTransforms`, `imageMean`, `imageDeviation` and an `inputScale` of 1/255. They have no `network` to set. `WideAndDeepClassifier` also has
                `classWeights`, `featuresCol`, which is empty by default, and `standardizeFeatures`, which is true;
                `WideAndDeepRegressor` has these two, `labelCol`, `predictionCol`, and `loss` and `standardizeTarget` of `NetRegressor`.
                `NetRanker` has the Params of `NetRegressor` but `standardizeTarget`, with `lambdaRank` for `loss` and true for
                `standardizeFeatures`. These Params are beside:

                | Param | type | default | of | |
                |---|---|---|---|---|
                """
                        .formatted(new TextClassifier().getMaxLength()));
        Map<String, String> rows = new TreeMap<>();
        for (Estimator<?> e : ready) {
            for (Param<?> p : e.params()) {
                if (!params.containsKey(p.name())) {
                    rows.put(
                            p.name() + " " + p.doc(),
                            "| `%s` | %s | %s | %s | %s |"
                                    .formatted(p.name(), type(p), defaults(p), names(owners(p)), p.doc()));
                }
            }
        }
        rows.values().forEach(row -> page.append(row).append('\n'));
        return page.toString();
    }

    private List<Estimator<?>> owners(Param<?> param) {
        return ready.stream()
                .filter(e -> e.hasParam(param.name())
                        && e.getParam(param.name()).doc().equals(param.doc()))
                .toList();
    }

    private static String names(List<Estimator<?>> owners) {
        return owners.stream()
                .map(e -> "`" + e.getClass().getSimpleName() + "`")
                .collect(Collectors.joining(", "));
    }

    /** The defaults of a Param of ready networks, in the order of its owners. */
    private String defaults(Param<?> param) {
        return owners(param).stream()
                .map(e -> value(e, e.getParam(param.name())))
                .distinct()
                .collect(Collectors.joining(", "));
    }

    private static String type(Param<?> p) {
        return TYPES.getOrDefault(p.getClass().getSimpleName(), "String");
    }

    private Map<String, Param<?>> params() {
        Map<String, Param<?>> all = new TreeMap<>();
        for (Estimator<?> e : estimators) {
            Arrays.stream(e.params()).forEach(p -> all.put(p.name(), p));
        }
        return all;
    }

    private String row(Param<?> p) {
        List<Estimator<?>> owners =
                estimators.stream().filter(e -> e.hasParam(p.name())).toList();
        Set<String> defaults = new LinkedHashSet<>();
        owners.forEach(e -> defaults.add(value(e, e.getParam(p.name()))));
        String initials = owners.stream()
                .map(e -> e.getClass().getSimpleName().substring(3, 4))
                .collect(Collectors.joining(", "));
        return "| `%s` | %s | %s | %s | %s |"
                .formatted(
                        p.name(),
                        type(p),
                        String.join(", ", defaults),
                        owners.size() == estimators.size() ? "all" : initials,
                        MEANINGS.getOrDefault(p.name(), p.doc()).replace("|", "\\|"));
    }

    /** A Param's default. The seed's is a hash of the class's name. */
    @SuppressWarnings("unchecked")
    private static String value(Estimator<?> e, Param<Object> p) {
        if (!e.hasDefault(p)) {
            return "";
        }
        return p.name().equals("seed")
                ? "fixed"
                : "`" + p.jsonEncode(e.getDefault(p).get()) + "`";
    }
}
