package io.kiln.spark.notebook;

import io.kiln.spark.report.EpochReport;
import io.kiln.spark.report.TrainingSummary;
import io.kiln.spark.ui.internal.Axis;
import java.util.ArrayList;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/**
 * Losses over the epochs of a fit so far, and the validation metric on its own axis.
 *
 * @param epochs the epochs so far, in order
 * @param metricName name of {@link EpochReport#metric()}
 */
public record LossCurve(List<EpochReport> epochs, String metricName) implements Picture {
    private static final int WIDTH = 620;
    private static final int HEIGHT = 280;
    private static final int LEFT = 64;
    private static final int RIGHT = 56;
    private static final int TOP = 34;
    private static final int BOTTOM = 40;

    /** Makes the list unmodifiable. */
    public LossCurve {
        epochs = List.copyOf(epochs);
    }

    /**
     * Returns the curve of a fit.
     *
     * @param summary the fit's summary
     * @return its curve
     */
    public static LossCurve of(TrainingSummary summary) {
        return new LossCurve(summary.epochs(), summary.metricName());
    }

    private record Line(String name, String colour, String dash, double[] values) {
        boolean isDrawn() {
            return DoubleStream.of(values).anyMatch(Double::isFinite);
        }
    }

    private static Axis axis(List<Line> lines) {
        DoubleSummaryStatistics all = lines.stream()
                .flatMapToDouble(l -> DoubleStream.of(l.values))
                .filter(Double::isFinite)
                .summaryStatistics();
        return all.getCount() == 0 ? Axis.of(0, 1) : Axis.of(all.getMin(), all.getMax());
    }

    private static double y(Axis axis, double value) {
        return HEIGHT - BOTTOM - axis.place(value) * (HEIGHT - TOP - BOTTOM);
    }

    /**
     * Returns the curve as an SVG picture.
     *
     * @return an SVG element
     */
    public String toSvg() {
        List<Line> losses = drawn(
                new Line("training loss", "#2a7ae2", "", values(EpochReport::loss)),
                new Line("validation loss", "#e2742a", "", values(EpochReport::validationLoss)));
        List<Line> metrics = drawn(new Line("validation " + metricName, "#2a9d5c", "5 3", values(EpochReport::metric)));
        Markup m = new Markup()
                .add(
                        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\""
                                + " font-family=\"sans-serif\" font-size=\"12\" fill=\"currentColor\">",
                        WIDTH, HEIGHT, WIDTH, HEIGHT);
        Axis axis = axis(losses);
        for (double value : axis.ticks()) {
            m.add(
                    "<line x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"currentColor\" stroke-opacity=\"0.15\"/>",
                    LEFT, WIDTH - RIGHT, y(axis, value), y(axis, value));
            label(m, LEFT - 8, y(axis, value), "end", axis.label(value));
        }
        epochAxis(m);
        losses.forEach(l -> draw(m, l, axis));
        if (!metrics.isEmpty()) {
            Axis own = axis(metrics);
            for (double value : own.ticks()) {
                label(m, WIDTH - RIGHT + 8, y(own, value), "start", own.label(value));
            }
            metrics.forEach(l -> draw(m, l, own));
        }
        legend(m, losses, metrics);
        return m.add("</svg>").toString();
    }

    private void epochAxis(Markup m) {
        int most = Math.max(1, epochs.size());
        int every = Math.max(1, (most + 9) / 10);
        IntStream.range(0, epochs.size())
                .filter(i -> i % every == 0)
                .forEach(i -> label(
                        m,
                        x(i),
                        HEIGHT - BOTTOM + 16,
                        "middle",
                        Integer.toString(epochs.get(i).epoch())));
        label(m, (LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 8, "middle", "epoch");
    }

    private void draw(Markup m, Line line, Axis axis) {
        StringBuilder points = new StringBuilder();
        for (int i = 0; i < line.values.length; i++) {
            if (Double.isFinite(line.values[i])) {
                points.append(String.format(Locale.ROOT, "%.1f,%.1f ", x(i), y(axis, line.values[i])));
                m.add(
                        "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"%s\"/>",
                        x(i), y(axis, line.values[i]), line.colour);
            }
        }
        m.add(
                "<polyline points=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\" stroke-dasharray=\"%s\"/>",
                points.toString().trim(), line.colour, line.dash.isEmpty() ? "none" : line.dash);
    }

    private static void legend(Markup m, List<Line> losses, List<Line> metrics) {
        List<Line> all = new ArrayList<>(losses);
        all.addAll(metrics);
        double x = LEFT;
        for (Line l : all) {
            m.add("<rect x=\"%.1f\" y=\"11\" width=\"14\" height=\"4\" fill=\"%s\"/>", x, l.colour);
            label(m, x + 20, 13, "start", l.name);
            x += 44 + 7 * l.name.length();
        }
    }

    private static void label(Markup m, double x, double y, String anchor, String text) {
        m.add(
                "<text x=\"%.1f\" y=\"%.1f\" dy=\"0.35em\" text-anchor=\"%s\">%s</text>",
                x, y, anchor, Markup.escape(text));
    }

    private double x(int i) {
        double share = epochs.size() > 1 ? (double) i / (epochs.size() - 1) : 0.5;
        return LEFT + share * (WIDTH - LEFT - RIGHT);
    }

    private double[] values(ToDoubleFunction<EpochReport> value) {
        return epochs.stream().mapToDouble(value).toArray();
    }

    private static List<Line> drawn(Line... lines) {
        return List.of(lines).stream().filter(Line::isDrawn).toList();
    }

    @Override
    public String toHtml() {
        return "<div>" + toSvg() + "</div>";
    }

    /** {@return the last epoch in one line} */
    @Override
    public String toString() {
        if (epochs.isEmpty()) {
            return "no epoch has ended yet";
        }
        EpochReport last = epochs.get(epochs.size() - 1);
        String validation = Double.isNaN(last.validationLoss())
                ? ""
                : String.format(Locale.ROOT, ", validation loss %.5g", last.validationLoss());
        return String.format(Locale.ROOT, "epoch %d: loss %.5g%s", last.epoch(), last.loss(), validation);
    }
}
