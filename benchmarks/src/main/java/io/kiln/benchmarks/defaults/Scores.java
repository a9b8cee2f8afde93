package io.kiln.benchmarks.defaults;

import static org.apache.spark.sql.functions.col;

import java.io.PrintWriter;
import java.util.Locale;
import org.apache.spark.ml.Transformer;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** Accuracies of models, as lines of a table. */
final class Scores {
    private Scores() {}

    static double accuracy(Transformer model, Dataset<Row> test) {
        Dataset<Row> predicted = model.transform(test);
        return (double) predicted.where(col("prediction").equalTo(col("label"))).count() / predicted.count();
    }

    static void row(PrintWriter out, String name, double score) {
        out.println(String.format(Locale.ROOT, "| %s | %.4f |", name, score));
        out.flush();
    }
}
