package io.kiln.spark.report;

import java.awt.Color;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.VectorGraphicsEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.style.Styler;
import org.knowm.xchart.style.XYStyler;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** Draws loss and metric over the epochs. */
final class TrainingCurve {
    private static final int WIDTH = 900;
    private static final int HEIGHT = 540;

    private TrainingCurve() {}

    static void save(TrainingSummary summary, Path file) throws IOException {
        if (summary.epochs().isEmpty()) {
            throw new IllegalStateException("saveCurve: there is no epoch to draw");
        }
        String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
        XYChart chart = chart(summary);
        Path parent = file.toAbsolutePath().getParent();
        Files.createDirectories(parent);
        if (name.endsWith(".png")) {
            Files.write(file, BitmapEncoder.getBitmapBytes(chart, BitmapEncoder.BitmapFormat.PNG));
        } else if (name.endsWith(".svg")) {
            VectorGraphicsEncoder.saveVectorGraphic(
                    chart, file.toString(), VectorGraphicsEncoder.VectorGraphicsFormat.SVG);
        } else {
            throw new IllegalArgumentException(
                    "saveCurve: the file's name must end with .png or .svg, got " + file.getFileName());
        }
    }

    private static XYChart chart(TrainingSummary summary) {
        XYChart chart = new XYChartBuilder()
                .width(WIDTH)
                .height(HEIGHT)
                .title("Training")
                .xAxisTitle("epoch")
                .yAxisTitle("loss")
                .build();
        XYStyler styler = chart.getStyler();
        styler.setChartBackgroundColor(Color.WHITE);
        styler.setLegendPosition(Styler.LegendPosition.OutsideS);
        styler.setLegendLayout(Styler.LegendLayout.Horizontal);
        styler.setLegendBorderColor(Color.WHITE);
        styler.setPlotBorderVisible(false);
        styler.setPlotGridVerticalLinesVisible(false);
        styler.setYAxisDecimalPattern("0.0##");
        series(chart, summary, "training loss", 0, EpochReport::loss);
        series(chart, summary, "validation loss", 0, EpochReport::validationLoss);
        if (series(chart, summary, "validation " + summary.metricName(), 1, EpochReport::metric)) {
            chart.setYAxisGroupTitle(1, summary.metricName());
            styler.setYAxisGroupPosition(1, Styler.YAxisPosition.Right);
        }
        return chart;
    }

    private static boolean series(
            XYChart chart, TrainingSummary summary, String name, int axis, ToDoubleFunction<EpochReport> value) {
        double[] y = summary.epochs().stream().mapToDouble(value).toArray();
        for (double v : y) {
            if (!Double.isFinite(v)) {
                return false;
            }
        }
        double[] x = summary.epochs().stream().mapToDouble(EpochReport::epoch).toArray();
        chart.addSeries(name, x, y).setMarker(SeriesMarkers.CIRCLE).setYAxisGroup(axis);
        return true;
    }
}
