package io.kiln.benchmarks.defaults;

import io.kiln.ml.WideAndDeepClassifier;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.apache.spark.ml.Pipeline;
import org.apache.spark.ml.PipelineStage;
import org.apache.spark.ml.Transformer;
import org.apache.spark.ml.classification.FMClassifier;
import org.apache.spark.ml.classification.GBTClassifier;
import org.apache.spark.ml.classification.LogisticRegression;
import org.apache.spark.ml.classification.RandomForestClassifier;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * Whom voters chose, from seven answers on scales, by {@link WideAndDeepClassifier} on the answers as categories, and by
 * MLlib's classifiers on one column per answer; rows of each of five folds are predicted by a model of the others.
 */
final class Survey {
    private static final int FOLDS = 5;
    private static final String[] QUESTIONS = {"TVnews", "selfLR", "ClinLR", "DoleLR", "PID", "educ", "income"};
    private static final int[] ANSWERS = {8, 7, 7, 7, 7, 7, 24};
    private static final String[] CROSSED = {"selfLR:PID", "ClinLR:DoleLR"};

    private static final String[] SLOWLY = {"first.*=0.1", "hidden.*=0.1", "output.*=0.1", "deep_*=0.1"};

    private Survey() {}

    static void print(SparkSession spark, PrintWriter out) throws IOException {
        Dataset<Row> data = data(spark, Table.vote());
        out.println();
        out.println("| Election survey, 944 × 7 answers | accuracy |");
        out.println("|---|---|");
        for (int seed = 1; seed <= 3; seed++) {
            Scores.row(out, "WideAndDeepClassifier, seed " + seed, score(data, wide().setSeed(seed)));
        }
        for (int seed = 1; seed <= 3; seed++) {
            Scores.row(
                    out,
                    "WideAndDeepClassifier, deep part at a tenth of the learning rate, seed " + seed,
                    score(data, wide().setLearningRateFactors(SLOWLY).setSeed(seed)));
        }
        Scores.row(
                out,
                "WideAndDeepClassifier, crosses " + String.join(", ", CROSSED) + ", seed 1",
                score(data, wide().setCrossedCols(CROSSED).setSeed(1)));
        Scores.row(out, "MLlib logistic regression", score(data, new LogisticRegression()));
        Scores.row(out, "MLlib factorization machine", score(data, new FMClassifier().setSeed(1)));
        Scores.row(out, "MLlib random forest", score(data, new RandomForestClassifier().setSeed(1)));
        Scores.row(out, "MLlib GBT", score(data, new GBTClassifier().setSeed(1)));
        data.unpersist(true);
    }

    private static WideAndDeepClassifier wide() {
        return new WideAndDeepClassifier().setCategoricalCols(QUESTIONS).setShowProgress(false);
    }

    /** The rows with their answers as categories, and as they are in the table. */
    private static Dataset<Row> data(SparkSession spark, Table t) {
        if (t.width() != Arrays.stream(ANSWERS).sum()) {
            throw new IllegalStateException(String.format(
                    Locale.ROOT,
                    "survey: expected %d columns of answers, got %d",
                    Arrays.stream(ANSWERS).sum(),
                    t.width()));
        }
        StructType schema = new StructType()
                .add("fold", DataTypes.IntegerType)
                .add("features", SQLDataTypes.VectorType())
                .add("label", DataTypes.DoubleType);
        for (String question : QUESTIONS) {
            schema = schema.add(question, DataTypes.IntegerType);
        }
        List<Row> rows = new ArrayList<>();
        for (Table.Row r : t.rows()) {
            List<Object> values = new ArrayList<>(List.of(r.fold(), r.features(), r.target()));
            int begin = 0;
            for (int answers : ANSWERS) {
                int first = begin;
                values.add(IntStream.range(0, answers)
                        .filter(k -> r.features().apply(first + k) == 1)
                        .findFirst()
                        .orElseThrow());
                begin += answers;
            }
            rows.add(RowFactory.create(values.toArray()));
        }
        return spark.createDataFrame(rows, schema).repartition(2).cache();
    }

    private static double score(Dataset<Row> data, PipelineStage stage) {
        double right = 0;
        long rows = 0;
        for (int fold = 0; fold < FOLDS; fold++) {
            Dataset<Row> test = data.where("fold = " + fold);
            Transformer model =
                    new Pipeline().setStages(new PipelineStage[] {stage}).fit(data.where("fold <> " + fold));
            long count = test.count();
            right += count * Scores.accuracy(model, test);
            rows += count;
        }
        return right / rows;
    }
}
