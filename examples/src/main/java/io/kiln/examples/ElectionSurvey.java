package io.kiln.examples;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.expr;

import io.kiln.ml.WideAndDeepClassifier;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.spark.ml.Pipeline;
import org.apache.spark.ml.PipelineStage;
import org.apache.spark.ml.classification.LogisticRegression;
import org.apache.spark.ml.feature.OneHotEncoder;
import org.apache.spark.ml.feature.VectorAssembler;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * Tells from seven answers whom voters chose in the American election of 1996. The network reads the answers as categories, by the
 * names of their columns, with two crosses of them. The baseline is MLlib's logistic regression, which needs a column for each answer.
 * Voters of each of five folds are predicted by models of the others.
 */
public final class ElectionSurvey {
    private static final int FOLDS = 5;
    private static final String[] QUESTIONS = {"TVnews", "selfLR", "ClinLR", "DoleLR", "PID", "educ", "income"};
    private static final int[] ANSWERS = {8, 7, 7, 7, 7, 7, 24};
    private static final String[] CROSSED = {"selfLR:PID", "ClinLR:DoleLR"};

    private ElectionSurvey() {}

    /**
     * Shares of the voters whose choice is predicted.
     *
     * @param network that of the wide and deep network
     * @param baseline that of the logistic regression
     */
    public record Accuracies(double network, double baseline) {}

    /**
     * Runs the example.
     *
     * @param args the file with the answers; by default the one in the repository
     */
    public static void main(String[] args) throws IOException {
        Path file = Path.of(
                args.length > 0 ? args[0] : "benchmarks/src/main/resources/io/kiln/benchmarks/defaults/vote.csv");
        try (SparkSession spark = SparkSession.builder()
                .appName("survey")
                .master("local[2]")
                .config("spark.ui.enabled", "false")
                .getOrCreate()) {
            Accuracies a = run(spark, file, 1);
            System.out.printf(
                    Locale.ROOT,
                    "accuracy on 944 voters: wide and deep network %.4f, logistic regression %.4f%n",
                    a.network(),
                    a.baseline());
        }
    }

    static Accuracies run(SparkSession spark, Path file, long seed) {
        Dataset<Row> voters = read(spark, file);
        WideAndDeepClassifier network = new WideAndDeepClassifier()
                .setCategoricalCols(QUESTIONS)
                .setCrossedCols(CROSSED)
                .setSeed(seed)
                .setShowProgress(false);
        String[] columns = Arrays.stream(QUESTIONS).map(q -> q + "Columns").toArray(String[]::new);
        Pipeline baseline = new Pipeline().setStages(new PipelineStage[] {
            new OneHotEncoder().setInputCols(QUESTIONS).setOutputCols(columns).setHandleInvalid("keep"),
            new VectorAssembler().setInputCols(columns).setOutputCol("features"),
            new LogisticRegression()
        });
        long right = 0;
        long baselineRight = 0;
        for (int fold = 0; fold < FOLDS; fold++) {
            Dataset<Row> train = voters.where(col("fold").notEqual(fold));
            Dataset<Row> test = voters.where(col("fold").equalTo(fold));
            right += right(network.fit(train).transform(test));
            baselineRight += right(baseline.fit(train).transform(test));
        }
        double all = voters.count();
        return new Accuracies(right / all, baselineRight / all);
    }

    /** Fold, answers and choice of each voter. The file has the answers as columns of zeros and a one. */
    static Dataset<Row> read(SparkSession spark, Path file) {
        Dataset<Row> rows =
                spark.read().option("inferSchema", true).csv(file.toString()).withColumnRenamed("_c0", "fold");
        int begin = 1;
        for (int q = 0; q < QUESTIONS.length; q++) {
            String answers = IntStream.range(begin, begin + ANSWERS[q])
                    .mapToObj(i -> "_c" + i)
                    .collect(Collectors.joining(", "));
            rows = rows.withColumn(QUESTIONS[q], expr("int(array_position(array(" + answers + "), 1) - 1)"));
            begin += ANSWERS[q];
        }
        return rows.withColumn("label", col("_c" + begin))
                .select("fold", concat(QUESTIONS, "label"))
                .repartition(2)
                .cache();
    }

    private static String[] concat(String[] names, String last) {
        String[] all = Arrays.copyOf(names, names.length + 1);
        all[names.length] = last;
        return all;
    }

    private static long right(Dataset<Row> predicted) {
        return predicted.where(col("prediction").equalTo(col("label"))).count();
    }
}
