package io.kiln.spark.ui;

import io.kiln.spark.ui.internal.Axis;
import io.kiln.spark.ui.internal.Format;
import io.kiln.spark.ui.internal.Html;
import java.util.List;
import java.util.Locale;

/**
 * A line chart as HTML: a legend with each line's newest value, and an SVG that takes its colours from the page's
 * style. Non-finite values leave a gap.
 *
 * @param title the chart's title
 * @param unit of the horizontal axis
 * @param lines the lines
 */
record Chart(String title, String unit, List<Line> lines) {
    private static final double WIDTH = 520;
    private static final double HEIGHT = 260;
    private static final double LEFT = 58;
    private static final double RIGHT = 14;
    private static final double TOP = 10;
    private static final double BOTTOM = 42;
    private static final int MOST_MARKS = 60;

    /**
     * A line.
     *
     * @param name its name in the legend
     * @param points from left to right
     */
    record Line(String name, List<Point> points) {
        /** Whether there is nothing to draw. */
        boolean isEmpty() {
            return points.stream().noneMatch(p -> Double.isFinite(p.y()));
        }
    }

    /** A point. */
    record Point(double x, double y) {}

    Html draw() {
        List<Line> drawn = lines.stream().filter(l -> !l.isEmpty()).toList();
        Html html = new Html().open("figure", "class", "k-card k-chart").element("figcaption", title);
        if (drawn.isEmpty()) {
            return html.element("p", "no values yet", "class", "k-empty").close();
        }
        html.open("div", "class", "k-legend");
        for (int i = 0; i < drawn.size(); i++) {
            List<Point> points = drawn.get(i).points();
            html.open("span").element("i", "", "class", "k-swatch k-b" + i);
            html.text(drawn.get(i).name() + " ")
                    .element("b", Format.number(points.get(points.size() - 1).y()))
                    .close();
        }
        return html.close().add(svg(drawn)).close();
    }

    private Html svg(List<Line> drawn) {
        List<Point> all = drawn.stream()
                .flatMap(l -> l.points().stream())
                .filter(p -> Double.isFinite(p.y()))
                .toList();
        Axis x = Axis.ofWhole(
                all.stream().mapToDouble(Point::x).min().orElseThrow(),
                all.stream().mapToDouble(Point::x).max().orElseThrow());
        Axis y = Axis.of(
                all.stream().mapToDouble(Point::y).min().orElseThrow(),
                all.stream().mapToDouble(Point::y).max().orElseThrow());
        Html svg = new Html()
                .open("svg", "viewBox", format("0 0 %.0f %.0f", WIDTH, HEIGHT), "role", "img", "aria-label", title);
        for (double tick : y.ticks()) {
            double at = down(y, tick);
            svg.empty("line", "class", "k-grid", "x1", px(LEFT), "x2", px(WIDTH - RIGHT), "y1", px(at), "y2", px(at));
            svg.element(
                    "text", y.label(tick), "x", px(LEFT - 8), "y", px(at + 4), "text-anchor", "end", "class", "k-tick");
        }
        for (double tick : x.ticks()) {
            double at = across(x, tick);
            svg.element(
                    "text",
                    x.label(tick),
                    "x",
                    px(at),
                    "y",
                    px(HEIGHT - BOTTOM + 18),
                    "text-anchor",
                    "middle",
                    "class",
                    "k-tick");
        }
        svg.element(
                "text",
                y.logarithmic() ? unit + " (vertical axis logarithmic)" : unit,
                "x",
                px((LEFT + WIDTH - RIGHT) / 2),
                "y",
                px(HEIGHT - 6),
                "text-anchor",
                "middle",
                "class",
                "k-unit");
        for (int i = 0; i < drawn.size(); i++) {
            line(svg, drawn.get(i), i, x, y);
        }
        return svg.close();
    }

    private void line(Html svg, Line line, int colour, Axis x, Axis y) {
        StringBuilder path = new StringBuilder();
        boolean gap = true;
        for (Point p : line.points()) {
            boolean drawn = Double.isFinite(p.y());
            if (drawn) {
                path.append(format("%s%.1f,%.1f", gap ? "M" : "L", across(x, p.x()), down(y, p.y())));
            }
            gap = !drawn;
        }
        svg.empty("path", "class", "k-line k-s" + colour, "d", path.toString());
        if (line.points().size() <= MOST_MARKS) {
            for (Point p : line.points()) {
                if (Double.isFinite(p.y())) {
                    svg.open(
                                    "circle",
                                    "class",
                                    "k-mark k-f" + colour,
                                    "cx",
                                    px(across(x, p.x())),
                                    "cy",
                                    px(down(y, p.y())),
                                    "r",
                                    "3")
                            .element(
                                    "title",
                                    format("%s %.0f: ", unit, p.x()) + line.name() + " " + Format.number(p.y()))
                            .close();
                }
            }
        }
    }

    /** A small chart without axes, for a table. */
    static Html spark(List<Double> values) {
        List<Double> drawn = values.stream().filter(Double::isFinite).toList();
        Html svg = new Html().open("svg", "viewBox", "0 0 100 24", "class", "k-spark", "aria-hidden", "true");
        if (drawn.size() > 1) {
            Axis y = Axis.of(
                    drawn.stream().mapToDouble(v -> v).min().orElseThrow(),
                    drawn.stream().mapToDouble(v -> v).max().orElseThrow());
            StringBuilder path = new StringBuilder();
            for (int i = 0; i < drawn.size(); i++) {
                path.append(format(
                        "%s%.1f,%.1f",
                        i == 0 ? "M" : "L", 2 + 96.0 * i / (drawn.size() - 1), 22 - 20 * y.place(drawn.get(i))));
            }
            svg.empty("path", "class", "k-line k-s0", "d", path.toString());
        }
        return svg.close();
    }

    private static double across(Axis x, double v) {
        return LEFT + (WIDTH - LEFT - RIGHT) * x.place(v);
    }

    private static double down(Axis y, double v) {
        return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * y.place(v);
    }

    private static String px(double v) {
        return format("%.1f", v);
    }

    private static String format(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }
}
