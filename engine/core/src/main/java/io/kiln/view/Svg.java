package io.kiln.view;

import java.util.List;
import java.util.Locale;

/** Draws a diagram as SVG; sizes in pixels. Text widths are estimated, without using a font. */
final class Svg {
    private static final double MARGIN = 20;
    private static final double HEIGHT = 54;
    private static final double STEP = 88;
    private static final double LETTER = 7.1;
    private static final double MIN_WIDTH = 90;

    private static final List<String> COLOURS = List.of(
            "#dbe9f6", "#fde3cf", "#d9f0d3", "#f6d9e4", "#e6dff2", "#fdf3c6", "#d3eeee", "#ecdfd3", "#e2ecc8",
            "#f3dede", "#dfe3ee");

    private final Diagram diagram;
    private final LayeredLayout layout;
    private final double[] widths;
    private final StringBuilder svg = new StringBuilder();

    Svg(Diagram diagram) {
        this.diagram = diagram;
        widths = diagram.boxes().stream()
                .mapToDouble(b -> Math.max(
                        MIN_WIDTH,
                        16
                                + LETTER
                                        * Math.max(
                                                b.title().length(),
                                                Math.max(
                                                        b.type().length(),
                                                        b.shape().length()))))
                .toArray();
        layout = new LayeredLayout(widths, diagram.arrows());
    }

    String draw() {
        add(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" font-family=\"sans-serif\""
                        + " font-size=\"12\" text-anchor=\"middle\">%n",
                layout.width() + 2 * MARGIN, layout.layers() * STEP - (STEP - HEIGHT) + 2 * MARGIN);
        add("<defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\""
                + " orient=\"auto\"><path d=\"M0,0 L8,4 L0,8 z\" fill=\"#555\"/></marker></defs>%n");
        add("<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>%n");
        for (int i = 0; i < diagram.arrows().size(); i++) {
            arrow(diagram.arrows().get(i), layout.route(i));
        }
        for (int i = 0; i < diagram.boxes().size(); i++) {
            box(i, diagram.boxes().get(i));
        }
        return svg.append("</svg>\n").toString();
    }

    private double top(int layer) {
        return MARGIN + layer * STEP;
    }

    /** A smooth line through the centres of the layers that it passes. */
    private void arrow(Diagram.Arrow a, double[] xs) {
        int layer = layout.layerOf(a.from());
        StringBuilder path = new StringBuilder();
        double x = xs[0] + MARGIN;
        double y = top(layer) + HEIGHT;
        path.append(format("M%.1f,%.1f", x, y));
        for (int i = 1; i < xs.length; i++) {
            double nextX = xs[i] + MARGIN;
            double nextY = top(layer + i);
            double bend = (nextY - y) / 2;
            path.append(format(" C%.1f,%.1f %.1f,%.1f %.1f,%.1f", x, y + bend, nextX, nextY - bend, nextX, nextY));
            x = nextX;
            y = nextY;
            if (i < xs.length - 1) {
                y += HEIGHT;
                path.append(format(" L%.1f,%.1f", x, y));
            }
        }
        add("<path d=\"%s\" fill=\"none\" stroke=\"#555\" marker-end=\"url(#tip)\"/>%n", path);
    }

    private void box(int i, Diagram.Box b) {
        double x = layout.x(i) + MARGIN;
        double y = top(layout.layerOf(i));
        add(
                "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.0f\" rx=\"%d\" fill=\"%s\" stroke=\"#777\"/>%n",
                x - widths[i] / 2, y, widths[i], HEIGHT, data(b) ? 26 : 5, colour(b));
        List<String> lines = data(b) ? List.of(b.title(), b.shape()) : List.of(b.title(), b.type(), b.shape());
        for (int k = 0; k < lines.size(); k++) {
            add(
                    "<text x=\"%.1f\" y=\"%.1f\"%s>%s</text>%n",
                    x,
                    y + (HEIGHT - 15 * lines.size()) / 2 + 11 + 15 * k,
                    k == 0 ? " font-weight=\"bold\"" : k == lines.size() - 1 ? " fill=\"#555\"" : "",
                    escape(lines.get(k)));
        }
    }

    private static boolean data(Diagram.Box b) {
        return b.kind() == Diagram.Kind.INPUT || b.kind() == Diagram.Kind.OUTPUT;
    }

    /** Boxes of one type have the same colour in every picture. */
    private static String colour(Diagram.Box b) {
        if (data(b)) {
            return "#eeeeee";
        }
        return COLOURS.get(Math.floorMod(b.type().toLowerCase(Locale.ROOT).hashCode(), COLOURS.size()));
    }

    private static String escape(String s) {
        return s.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    }

    private void add(String format, Object... values) {
        svg.append(format(format, values));
    }

    private static String format(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }
}
