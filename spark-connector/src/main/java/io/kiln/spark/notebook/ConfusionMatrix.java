package io.kiln.spark.notebook;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;

/** Counts how often rows of each class were predicted as each other class. */
public final class ConfusionMatrix implements Picture {
    private static final int MOST = 1000;

    private final long[][] counts;

    private ConfusionMatrix(long[][] counts) {
        this.counts = counts;
    }

    /**
     * Counts the predictions in the columns {@code label} and {@code prediction}.
     *
     * @param predictions rows with a label and a prediction
     * @return the matrix
     */
    public static ConfusionMatrix of(Dataset<?> predictions) {
        return of(predictions, "label", "prediction");
    }

    /**
     * Counts predictions with a Spark job.
     *
     * @param predictions rows with a label and a prediction; rows where either is null or NaN are skipped
     * @param labelCol column of the true classes: 0, 1, …
     * @param predictionCol column of the predicted classes
     * @return the matrix
     * @throws IllegalArgumentException if a class is not a whole number from 0 to 999
     */
    public static ConfusionMatrix of(Dataset<?> predictions, String labelCol, String predictionCol) {
        Column label = functions.col(labelCol).cast("double");
        Column prediction = functions.col(predictionCol).cast("double");
        Column known = label.isNotNull()
                .and(prediction.isNotNull())
                .and(functions.not(label.isNaN()))
                .and(functions.not(prediction.isNaN()));
        List<Row> rows = predictions
                .where(known)
                .groupBy(label.as("label"), prediction.as("prediction"))
                .count()
                .collectAsList();
        int classes = 0;
        for (Row r : rows) {
            classes = Math.max(
                    classes, 1 + Math.max(number(labelCol, r.getDouble(0)), number(predictionCol, r.getDouble(1))));
        }
        long[][] counts = new long[classes][classes];
        for (Row r : rows) {
            counts[(int) r.getDouble(0)][(int) r.getDouble(1)] = r.getLong(2);
        }
        return new ConfusionMatrix(counts);
    }

    private static int number(String column, double value) {
        if (value != Math.rint(value) || value < 0 || value >= MOST) {
            throw new IllegalArgumentException(
                    "confusion matrix: column %s: expected classes 0 to %d, got %s".formatted(column, MOST - 1, value));
        }
        return (int) value;
    }

    /**
     * The number of rows of a class with a given prediction.
     *
     * @param label the true class
     * @param prediction the predicted class
     * @return the number of rows
     */
    public long count(int label, int prediction) {
        return counts[label][prediction];
    }

    /**
     * The number of classes.
     *
     * @return the largest label or prediction, plus one
     */
    public int classes() {
        return counts.length;
    }

    /**
     * The share of correctly predicted rows.
     *
     * @return from 0 to 1; NaN without rows
     */
    public double accuracy() {
        long right = 0;
        long all = 0;
        for (int i = 0; i < counts.length; i++) {
            right += counts[i][i];
            all += Arrays.stream(counts[i]).sum();
        }
        return (double) right / all;
    }

    /**
     * Correct predictions are blue, wrong ones orange; the larger a cell's share of its class, the stronger its colour.
     */
    @Override
    public String toHtml() {
        Markup m = new Markup().add("<table style=\"border-collapse:collapse;font-family:sans-serif\"><thead><tr>");
        m.add("<th style=\"text-align:left;padding:2px 8px\">true \\ predicted</th>");
        for (int j = 0; j < counts.length; j++) {
            m.add("<th style=\"text-align:right;padding:2px 8px\">%d</th>", j);
        }
        m.add("<th style=\"text-align:right;padding:2px 8px\">found</th></tr></thead><tbody>");
        for (int i = 0; i < counts.length; i++) {
            long all = Arrays.stream(counts[i]).sum();
            m.add("<tr><th style=\"text-align:left;padding:2px 8px\">%d</th>", i);
            for (int j = 0; j < counts.length; j++) {
                double share = all == 0 ? 0 : (double) counts[i][j] / all;
                String colour = i == j ? "42,122,226" : "226,116,42";
                double strength = i == j ? 0.6 * share : Math.min(0.9, 5 * share);
                m.add(
                        "<td style=\"text-align:right;padding:2px 8px;background:rgba(%s,%.2f)\">%s</td>",
                        colour, strength, counts[i][j] == 0 ? "·" : Long.toString(counts[i][j]));
            }
            m.add("<td style=\"text-align:right;padding:2px 8px\">%s</td></tr>", found(i));
        }
        return m.add("</tbody></table><p>accuracy %.4f</p>", accuracy()).toString();
    }

    private String found(int label) {
        long all = Arrays.stream(counts[label]).sum();
        return all == 0 ? "–" : String.format(Locale.ROOT, "%.1f %%", 100.0 * counts[label][label] / all);
    }

    @Override
    public String toString() {
        List<String> lines = new ArrayList<>();
        StringBuilder head = new StringBuilder("true \\ predicted");
        for (int j = 0; j < counts.length; j++) {
            head.append(String.format(Locale.ROOT, "%7d", j));
        }
        lines.add(head.append("    found").toString());
        for (int i = 0; i < counts.length; i++) {
            StringBuilder line = new StringBuilder(String.format(Locale.ROOT, "%16d", i));
            for (long n : counts[i]) {
                line.append(String.format(Locale.ROOT, "%7s", n == 0 ? "·" : Long.toString(n)));
            }
            lines.add(line.append(String.format(Locale.ROOT, "%9s", found(i))).toString());
        }
        return String.join("\n", lines);
    }
}
