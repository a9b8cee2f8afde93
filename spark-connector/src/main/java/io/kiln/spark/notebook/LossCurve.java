package io.kiln.spark.notebook;

import io.kiln.spark.job.EpochReport;
import io.kiln.spark.job.TrainingSummary;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/**
 * Losses over the epochs of a fit, as far as it has come, and the validation metric on an axis of its own.
 *
 * @param epochs what is known of the epochs, in order
 * @param metricName what {@link EpochReport#metric()} is
 */
public record LossCurve(List<EpochReport> epochs, String metricName) implements Picture {
    private static final int WIDTH = 620;
    private static final int HEIGHT = 280;
    private static final int LEFT = 64;
    private static final int RIGHT = 56;
    private static final int TOP = 34;
    private static final int BOTTOM = 40;
    private static final int TICKS = 5;

    /** Makes the list unmodifiable. */
    public LossCurve {
        epochs = List.copyOf(epochs);
    }

    /**
     * The curve of a fit.
     *
     * @param summary how it went
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

    /** A linear axis between round numbers. */
    private record Axis(double low, double high, double step) {
        static Axis of(List<Line> lines) {
            double[] all = lines.stream()
                    .flatMapToDouble(l -> DoubleStream.of(l.values))
                    .filter(Double::isFinite)
                    .toArray();
            double low = DoubleStream.of(all).min().orElse(0);
            double high = DoubleStream.of(all).max().orElse(1);
            double span = high > low ? high - low : Math.max(Math.abs(high), 1e-9);
            double rough = span / (TICKS - 1);
            double power = Math.pow(10, Math.floor(Math.log10(rough)));
            double step = power
                    * DoubleStream.of(1, 2, 5, 10)
                            .filter(f -> f * power >= rough * (1 - 1e-9))
                            .min()
                            .orElse(10);
            return new Axis(Math.floor(low / step) * step, Math.ceil(high / step) * step, step);
        }

        double y(double value) {
            double share = high > low ? (value - low) / (high - low) : 0.5;
            return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM);
        }

        int ticks() {
            return (int) Math.round((high - low) / step);
        }
    }

    /**
     * The curve as an SVG picture.
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
        Axis axis = Axis.of(losses);
        for (int i = 0; i <= axis.ticks(); i++) {
            double value = axis.low + i * axis.step;
            m.add(
                    "<line x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"currentColor\" stroke-opacity=\"0.15\"/>",
                    LEFT, WIDTH - RIGHT, axis.y(value), axis.y(value));
            label(m, LEFT - 8, axis.y(value), "end", number(value));
        }
        epochAxis(m);
        losses.forEach(l -> draw(m, l, axis));
        if (!metrics.isEmpty()) {
            Axis own = Axis.of(metrics);
            for (int i = 0; i <= own.ticks(); i++) {
                double value = own.low + i * own.step;
                label(m, WIDTH - RIGHT + 8, own.y(value), "start", number(value));
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
                points.append(String.format(Locale.ROOT, "%.1f,%.1f ", x(i), axis.y(line.values[i])));
                m.add(
                        "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"%s\"/>",
                        x(i), axis.y(line.values[i]), line.colour);
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

    private static String number(double value) {
        double rounded = Math.abs(value) < 1e-12 ? 0 : value;
        String digits = String.format(Locale.ROOT, "%.4g", rounded);
        return digits.contains(".") && !digits.contains("e") ? digits.replaceAll("\\.?0+$", "") : digits;
    }

    @Override
    public String toHtml() {
        return "<div>" + toSvg() + "</div>";
    }

    /** {@return the last epoch in a line} */
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
