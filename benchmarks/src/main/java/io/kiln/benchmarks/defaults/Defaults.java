package io.kiln.benchmarks.defaults;

import io.kiln.benchmarks.spark.Sessions;
import io.kiln.ml.MlpClassifier;
import io.kiln.ml.MlpRegressor;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.apache.spark.ml.Pipeline;
import org.apache.spark.ml.PipelineStage;
import org.apache.spark.ml.classification.GBTClassifier;
import org.apache.spark.ml.classification.LogisticRegression;
import org.apache.spark.ml.classification.MultilayerPerceptronClassifier;
import org.apache.spark.ml.classification.RandomForestClassifier;
import org.apache.spark.ml.feature.StandardScaler;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.ml.regression.GBTRegressor;
import org.apache.spark.ml.regression.LinearRegression;
import org.apache.spark.ml.regression.RandomForestRegressor;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.Metadata;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code bench defaults}: Kiln's multilayer perceptrons with default settings beside other models, on small tables. */
@Command(
        name = "defaults",
        mixinStandardHelpOptions = true,
        description = {
            "Fits MlpClassifier and MlpRegressor with their defaults, and models of MLlib, to small tables; prints a Markdown table",
            "of accuracy (or RMSE), with scikit-learn's scores as they were recorded. Then TextClassifier on mails (texts) and",
            "ImageClassifier on digits (images) beside models of MLlib, WideAndDeepClassifier on the answers of voters (survey),",
            "NeuralCF and TwoTower on drawn ratings (ratings), and SequenceForecaster on a series of temperatures."
        })
public final class Defaults implements Callable<Integer> {
    private static final int HIDDEN = 64;
    private static final int OF_MLLIB = 4;
    private static final int MLP_ITERATIONS = 200;
    private static final String FEATURES = "features";
    private static final String SCALED = "scaled";

    @Parameters(
            paramLabel = "TABLE",
            description =
                    "Tables to fit, texts, images, survey, ratings and series among them; all of them when none is named.")
    private List<String> names = new ArrayList<>();

    @Option(
            names = "--spam",
            paramLabel = "FOLDER",
            description = "Folder of train.jsonl.gz and test.jsonl.gz: mails, also for texts.")
    private Path spam;

    @Option(names = "--weather", paramLabel = "FOLDER", description = "Folder of seattle.csv, for series.")
    private Path weather;

    @Spec
    private CommandSpec spec;

    /** Makes the command, for picocli to fill. */
    public Defaults() {}

    @Override
    public Integer call() throws IOException {
        PrintWriter out = spec.commandLine().getOut();
        Map<String, Map<String, Double>> recorded = recorded();
        try (SparkSession spark = Sessions.local(2)) {
            out.println(
                    "| table | Kiln | MLlib linear | MLlib MLP | MLlib forest | MLlib GBT | scikit-learn linear | scikit-learn MLP | to MLlib's best |");
            out.println("|---|---|---|---|---|---|---|---|---|");
            List<Table> tables = new ArrayList<>(Table.all());
            if (spam != null) {
                tables.add(Table.spam(spam));
            }
            for (Table t : tables) {
                if (isAsked(t.name())) {
                    out.println(line(t, scores(spark, t, recorded.get(t.name()))));
                    out.flush();
                }
            }
            if (spam != null && isAsked("texts")) {
                Mails.print(spark, spam, out);
            }
            if (isAsked("images")) {
                Digits.print(spark, out);
            }
            if (isAsked("survey")) {
                Survey.print(spark, out);
            }
            if (isAsked("ratings")) {
                Ratings.print(spark, out);
            }
            if (weather != null && isAsked("series")) {
                Weather.print(spark, weather, out);
            }
        }
        return 0;
    }

    private boolean isAsked(String table) {
        return names.isEmpty() || names.contains(table);
    }

    private static Map<String, Map<String, Double>> recorded() throws IOException {
        Map<String, Map<String, Double>> scores = new LinkedHashMap<>();
        try (BufferedReader in =
                new BufferedReader(new InputStreamReader(Table.resource("scikit-learn.tsv"), StandardCharsets.UTF_8))) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                String[] f = line.split("\t");
                scores.computeIfAbsent(f[0], n -> new LinkedHashMap<>()).put(f[1], Double.valueOf(f[2]));
            }
        }
        return scores;
    }

    private static List<Double> scores(SparkSession spark, Table t, Map<String, Double> recorded) {
        Dataset<Row> data = data(spark, t).cache();
        List<Double> scores = new ArrayList<>();
        scores.add(score(t, data, kiln(t)));
        scores.add(score(t, data, linear(t)));
        scores.add(t.classes() == 0 ? Double.NaN : score(t, data, perceptron(t)));
        scores.add(score(t, data, forest(t)));
        scores.add(t.classes() > 2 ? Double.NaN : score(t, data, boosted(t)));
        scores.addAll(recorded.values());
        data.unpersist(true);
        return scores;
    }

    private static Dataset<Row> data(SparkSession spark, Table t) {
        List<Row> rows = t.rows().stream()
                .map(r -> RowFactory.create(r.fold(), r.features(), r.target()))
                .toList();
        return spark.createDataFrame(rows, new StructType(new StructField[] {
                    new StructField("fold", DataTypes.IntegerType, false, Metadata.empty()),
                    new StructField(FEATURES, SQLDataTypes.VectorType(), false, Metadata.empty()),
                    new StructField("label", DataTypes.DoubleType, false, Metadata.empty())
                }))
                .repartition(2);
    }

    private static PipelineStage[] kiln(Table t) {
        return new PipelineStage[] {t.classes() == 0 ? new MlpRegressor().setSeed(1) : new MlpClassifier().setSeed(1)};
    }

    private static PipelineStage[] forest(Table t) {
        return new PipelineStage[] {
            t.classes() == 0 ? new RandomForestRegressor().setSeed(1) : new RandomForestClassifier().setSeed(1)
        };
    }

    private static PipelineStage[] boosted(Table t) {
        return new PipelineStage[] {t.classes() == 0 ? new GBTRegressor().setSeed(1) : new GBTClassifier().setSeed(1)};
    }

    private static PipelineStage[] linear(Table t) {
        return new PipelineStage[] {t.classes() == 0 ? new LinearRegression() : new LogisticRegression()};
    }

    private static PipelineStage[] perceptron(Table t) {
        MultilayerPerceptronClassifier mlp = new MultilayerPerceptronClassifier()
                .setLayers(new int[] {t.width(), HIDDEN, t.classes()})
                .setMaxIter(MLP_ITERATIONS)
                .setSeed(1);
        return t.standardized()
                ? new PipelineStage[] {
                    new StandardScaler().setWithMean(true).setInputCol(FEATURES).setOutputCol(SCALED),
                    mlp.setFeaturesCol(SCALED)
                }
                : new PipelineStage[] {mlp};
    }

    /** Accuracy or RMSE over the rows of all folds that are predicted. */
    private static double score(Table t, Dataset<Row> data, PipelineStage... stages) {
        double sum = 0;
        long rows = 0;
        for (int fold : t.folds()) {
            Dataset<Row> predicted = new Pipeline()
                    .setStages(stages)
                    .fit(data.where("fold <> " + fold))
                    .transform(data.where("fold = " + fold));
            for (Row r : predicted.select("prediction", "label").collectAsList()) {
                double d = r.getDouble(0) - r.getDouble(1);
                sum += t.classes() == 0 ? d * d : d == 0 ? 1 : 0;
                rows++;
            }
        }
        return t.classes() == 0 ? Math.sqrt(sum / rows) : sum / rows;
    }

    private static String line(Table t, List<Double> scores) {
        boolean error = t.classes() == 0;
        double best = scores.stream()
                .skip(1)
                .limit(OF_MLLIB)
                .filter(s -> !s.isNaN())
                .reduce(error ? Math::min : Math::max)
                .orElseThrow();
        double ahead = (error ? best - scores.get(0) : scores.get(0) - best) / best;
        StringBuilder line = new StringBuilder("| " + t.about());
        for (double s : scores) {
            line.append(" | ").append(Double.isNaN(s) ? "–" : String.format(Locale.ROOT, error ? "%.2f" : "%.4f", s));
        }
        return line.append(String.format(Locale.ROOT, " | %+.1f %% |", 100 * ahead))
                .toString();
    }
}
