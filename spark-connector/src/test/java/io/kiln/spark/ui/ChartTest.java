package io.kiln.spark.ui;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.spark.ui.internal.Axis;
import io.kiln.spark.ui.internal.Format;
import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ChartTest {
    private static List<String> labels(Axis axis) {
        return axis.ticks().stream().map(axis::label).toList();
    }

    @Test
    void ticksAreRoundNumbersWithAsManyDecimals() {
        assertEquals(List.of("0.0", "0.5", "1.0", "1.5", "2.0", "2.5"), labels(Axis.of(0.11, 2.31)));
        assertEquals(List.of("0.90", "0.92", "0.94", "0.96", "0.98", "1.00"), labels(Axis.of(0.9012, 0.9921)));
        assertEquals(List.of("-0.2", "0.0", "0.2", "0.4", "0.6", "0.8"), labels(Axis.of(-0.11, 0.71)));
        assertEquals(List.of("20.0k", "40.0k", "60.0k", "80.0k", "100k"), labels(Axis.of(20_100, 99_000)));
    }

    @Test
    void wideRangesAreLogarithmic() {
        Axis axis = Axis.of(0.0005, 3);
        assertEquals(List.of("1e-4", "1e-3", "1e-2", "1e-1", "1e+0", "1e+1"), labels(axis));
        assertEquals(0.5, Axis.of(0.01, 100).place(1), 1e-12);
        assertFalse(Axis.of(0, 1e9).logarithmic());
    }

    @Test
    void epochsAreWhole() {
        assertEquals(List.of("1", "2", "3"), labels(Axis.ofWhole(1, 3)));
        assertEquals(List.of("1", "2"), labels(Axis.ofWhole(1, 1)));
        assertEquals(List.of("20", "40", "60", "80", "100"), labels(Axis.ofWhole(1, 100)));
    }

    @Test
    void anAxisHoldsItsValuesWhateverTheyAre() {
        for (double[] range :
                new double[][] {{0, 0}, {5, 5}, {-3, -3}, {1e-30, 1e-30}, {-1e9, 1e9}, {0, 1e-12}, {1, 1e300}}) {
            Axis axis = Axis.of(range[0], range[1]);
            for (double v : range) {
                assertTrue(axis.place(v) >= -1e-9 && axis.place(v) <= 1 + 1e-9, axis.toString());
            }
            assertTrue(axis.ticks().size() >= 2 && axis.ticks().size() <= 12, axis.toString());
        }
    }

    @Test
    void valuesThatAreNotFiniteLeaveAGap() {
        List<Chart.Point> points = IntStream.range(0, 5)
                .mapToObj(i -> new Chart.Point(i, i == 2 ? Double.NaN : i))
                .toList();
        String svg = new Chart("loss", "epoch", List.of(new Chart.Line("training", points)))
                .draw()
                .toString();
        String path = svg.replaceAll("(?s).* d=\"([^\"]*)\".*", "$1");
        assertEquals(2, path.chars().filter(c -> c == 'M').count(), path);
        assertEquals(2, path.chars().filter(c -> c == 'L').count(), path);
        assertEquals(4, svg.split("<circle", -1).length - 1);
        assertFalse(svg.contains("NaN"), svg);
    }

    @Test
    void aSparkOfOneValueIsEmpty() {
        assertFalse(Chart.spark(List.of(1.0, Double.NaN)).toString().contains("path"));
        assertTrue(Chart.spark(DoubleStream.of(1, 2, 1).boxed().toList())
                .toString()
                .contains("path"));
    }

    @Test
    void numbersAreShort() {
        assertEquals("–", Format.number(Double.NaN));
        assertEquals("0.0000", Format.number(0));
        assertEquals("1.235e-05", Format.number(1.2345e-5));
        assertEquals("12.3k", Format.count(12_345));
        assertEquals("512 B", Format.bytes(512));
        assertEquals("1.5 GiB", Format.bytes(3L << 29));
        assertEquals("250 ms", Format.duration(250));
        assertEquals("2 min 05 s", Format.duration(125_000));
        assertEquals("1 h 01 min", Format.duration(3_660_000));
    }
}
