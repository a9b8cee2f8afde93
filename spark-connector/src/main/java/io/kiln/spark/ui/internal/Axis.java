package io.kiln.spark.ui.internal;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * An axis from a smallest to a largest value, with round numbers at its ticks. Positive values that span more than two
 * powers of ten get a logarithmic axis.
 *
 * @param low value at its start
 * @param high value at its end
 * @param logarithmic whether equal distances are equal ratios
 * @param ticks values with a label
 * @param step distance of the ticks of a linear axis
 */
public record Axis(double low, double high, boolean logarithmic, List<Double> ticks, double step) {
    private static final double DECADES = 100;
    private static final int MOST_TICKS = 6;

    /** An axis of whole numbers, without padding at its ends. */
    public static Axis ofWhole(double low, double high) {
        double top = high > low ? high : low + 1;
        double step = Math.max(1, roundStep((top - low) / MOST_TICKS));
        return new Axis(low, top, false, ticks(low, top, step), step);
    }

    /** An axis that starts and ends at ticks. */
    public static Axis of(double least, double largest) {
        if (least > 0 && largest / least > DECADES) {
            double low = Math.floor(Math.log10(least));
            double high = Math.ceil(Math.log10(largest));
            double every = Math.max(1, Math.ceil((high - low) / MOST_TICKS));
            List<Double> ticks = new ArrayList<>();
            for (double e = low; e <= high; e += every) {
                ticks.add(Math.pow(10, e));
            }
            return new Axis(Math.pow(10, low), Math.pow(10, high), true, ticks, 0);
        }
        double low = least;
        double high = largest;
        if (low == high) {
            double room = low == 0 ? 1 : Math.abs(low) / 10;
            low -= room;
            high += room;
        }
        double step = roundStep((high - low) / (MOST_TICKS - 1));
        double begin = Math.floor(low / step + 1e-9) * step;
        double end = Math.ceil(high / step - 1e-9) * step;
        return new Axis(begin, end, false, ticks(begin, end, step), step);
    }

    private static double roundStep(double rough) {
        double power = Math.pow(10, Math.floor(Math.log10(rough)));
        double lead = rough / power;
        return power * (lead <= 1 ? 1 : lead <= 2 ? 2 : lead <= 5 ? 5 : 10);
    }

    private static List<Double> ticks(double low, double high, double step) {
        List<Double> ticks = new ArrayList<>();
        for (long i = (long) Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++) {
            ticks.add(i * step);
        }
        return ticks;
    }

    /** The position of a value, from 0 at the start to 1 at the end. */
    public double place(double v) {
        return logarithmic ? Math.log(v / low) / Math.log(high / low) : (v - low) / (high - low);
    }

    /** The label of a tick: all labels of an axis have the same number of decimals. */
    public String label(double tick) {
        double size = Math.max(Math.abs(low), Math.abs(high));
        if (logarithmic || size < 1e-3) {
            return tick == 0
                    ? "0"
                    : String.format(Locale.ROOT, "%.0e", tick)
                            .replace("e-0", "e-")
                            .replace("e+0", "e+");
        }
        if (size >= 10_000) {
            return Format.count(tick);
        }
        int decimals = (int) Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
        return String.format(Locale.ROOT, "%." + decimals + "f", tick);
    }
}
