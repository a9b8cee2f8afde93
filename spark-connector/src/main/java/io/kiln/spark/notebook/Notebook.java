package io.kiln.spark.notebook;

import io.kiln.spark.report.EpochReport;
import io.kiln.spark.report.TrainingSummary;
import io.kiln.view.Diagram;
import io.kiln.view.Summary;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * Shows results in a notebook cell: as a picture or table in Zeppelin, as text on standard output elsewhere.
 *
 * <pre>{@code
 * Notebook.show(Diagram.of(network, 1, input));
 * Notebook.show(model.summary());
 * Notebook.show(ConfusionMatrix.of(model.transform(test)));
 * }</pre>
 *
 * <p>While an estimator fits in a Zeppelin cell, the cell shows the loss curve, unless {@code showProgress} is false.
 */
public final class Notebook {
    private static final int MOST_ROWS = 1000;

    private Notebook() {}

    /**
     * Shows a picture.
     *
     * @param picture a loss curve, confusion matrix, images or a custom picture
     */
    public static void show(Picture picture) {
        show(picture.toHtml(), picture.toString());
    }

    /**
     * Shows the layers of a network.
     *
     * @param summary its summary
     */
    public static void show(Summary summary) {
        show(html(summary), summary.toString());
    }

    /**
     * Shows the drawing of a network; a terminal shows it as Mermaid.
     *
     * @param diagram its drawing
     */
    public static void show(Diagram diagram) {
        show(html(diagram), diagram.toMermaid());
    }

    /**
     * Shows the result of a fit: its curve and a table of its epochs.
     *
     * @param summary a model's summary
     */
    public static void show(TrainingSummary summary) {
        show(html(summary), summary.toString());
    }

    /**
     * Shows the first rows of a DataFrame; in Zeppelin as its table, which can be turned into charts.
     *
     * @param rows the DataFrame
     */
    public static void show(Dataset<?> rows) {
        ZeppelinCell cell = ZeppelinCell.current();
        if (cell == null) {
            rows.show();
            return;
        }
        List<String> lines = new ArrayList<>();
        lines.add(line(Arrays.asList(rows.columns())));
        for (Row r : rows.toDF().takeAsList(MOST_ROWS)) {
            List<String> cells = new ArrayList<>();
            for (int i = 0; i < r.size(); i++) {
                cells.add(String.valueOf(r.get(i)));
            }
            lines.add(line(cells));
        }
        cell.write("table", String.join("\n", lines));
    }

    private static String line(List<String> cells) {
        return String.join(
                "\t", cells.stream().map(c -> c.replaceAll("[\\t\\r\\n]", " ")).toList());
    }

    private static void show(String html, String text) {
        ZeppelinCell cell = ZeppelinCell.current();
        if (cell == null) {
            System.out.println(text);
        } else {
            cell.write("html", html);
        }
    }

    /**
     * Returns the layers of a network as a table.
     *
     * @param summary its summary
     * @return HTML
     */
    public static String html(Summary summary) {
        List<List<String>> rows = new ArrayList<>();
        for (Summary.Row r : summary.rows()) {
            String name = r.place().substring(r.place().lastIndexOf('.') + 1);
            rows.add(List.of(
                    "  ".repeat(r.depth()) + (r.depth() == 0 ? "network" : name),
                    r.type(),
                    r.output().shape().toString(),
                    String.format(Locale.ROOT, "%,d", r.total().parameters()),
                    String.format(Locale.ROOT, "%.4g", r.total().flops() / 1e6)));
        }
        return Markup.table(3, List.of("layer", "type", "output", "parameters", "MFLOPs"), rows)
                + new Markup()
                        .add(
                                "<p>%,d parameters are trained, %,d are fixed; %.2f MB of parameters, %.2f MB of activations</p>",
                                summary.parameters(),
                                summary.fixed(),
                                summary.parameterBytes() / 1e6,
                                summary.activationBytes() / 1e6);
    }

    /**
     * Returns the drawing of a network.
     *
     * @param diagram its drawing
     * @return HTML
     */
    public static String html(Diagram diagram) {
        return "<div>" + diagram.toSvg() + "</div>";
    }

    /**
     * Returns the result of a fit.
     *
     * @param summary a model's summary
     * @return HTML
     */
    public static String html(TrainingSummary summary) {
        boolean validated = summary.epochs().stream().anyMatch(e -> !Double.isNaN(e.validationLoss()));
        List<String> headers = new ArrayList<>(List.of("epoch", "loss", "rows/s", "seconds"));
        if (validated) {
            headers.addAll(List.of("validation loss", summary.metricName()));
        }
        List<List<String>> rows = new ArrayList<>();
        for (EpochReport e : summary.epochs()) {
            List<String> row = new ArrayList<>(List.of(
                    Integer.toString(e.epoch()), number(e.loss()), number(e.samplesPerSecond()), number(e.seconds())));
            if (validated) {
                row.addAll(List.of(number(e.validationLoss()), number(e.metric())));
            }
            rows.add(row);
        }
        String table = Markup.table(0, headers, rows);
        return LossCurve.of(summary).toHtml()
                + new Markup()
                        .add(
                                "<details><summary>%d epochs in %s s</summary>%s</details>",
                                summary.epochs().size(), number(summary.seconds()), table);
    }

    private static String number(double value) {
        return Double.isNaN(value) ? "" : String.format(Locale.ROOT, "%.4g", value);
    }
}
