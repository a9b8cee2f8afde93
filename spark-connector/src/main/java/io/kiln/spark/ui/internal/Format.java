package io.kiln.spark.ui.internal;

import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** Formats numbers for display. */
public final class Format {
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyy/MM/dd HH:mm:ss", Locale.ROOT);
    private static final String NONE = "–";
    private static final String[] BYTES = {"B", "KiB", "MiB", "GiB", "TiB"};
    private static final String[] THOUSANDS = {"", "k", "M", "G", "T"};

    private Format() {}

    /** A loss or a metric. */
    public static String number(double v) {
        if (!Double.isFinite(v)) {
            return NONE;
        }
        double size = Math.abs(v);
        if (size != 0 && (size < 1e-3 || size >= 1e6)) {
            return String.format(Locale.ROOT, "%.3e", v);
        }
        return String.format(Locale.ROOT, size >= 1000 ? "%.1f" : "%.4f", v);
    }

    /** A count with at most three digits and a unit of thousands. */
    public static String count(double v) {
        return Double.isFinite(v) ? scaled(v, 1000, THOUSANDS, "") : NONE;
    }

    /** A number of bytes, in KiB and so on. */
    public static String bytes(double v) {
        return scaled(v, 1024, BYTES, " ");
    }

    private static String scaled(double v, double unit, String[] names, String space) {
        double rest = v;
        int i = 0;
        while (rest >= unit && i < names.length - 1) {
            rest /= unit;
            i++;
        }
        boolean whole = i == 0 && rest == Math.rint(rest) || rest >= 100;
        return String.format(Locale.ROOT, whole ? "%.0f" : "%.1f", rest) + space + names[i];
    }

    /** A fraction as a percentage. */
    public static String percent(double part) {
        return String.format(Locale.ROOT, "%.0f %%", 100 * part);
    }

    /** A duration in milliseconds. */
    public static String duration(double millis) {
        if (millis < 1000) {
            return String.format(Locale.ROOT, "%.0f ms", millis);
        }
        if (millis < 60_000) {
            return String.format(Locale.ROOT, "%.1f s", millis / 1000);
        }
        long seconds = Math.round(millis / 1000);
        return seconds < 3600
                ? String.format(Locale.ROOT, "%d min %02d s", seconds / 60, seconds % 60)
                : String.format(Locale.ROOT, "%d h %02d min", seconds / 3600, seconds % 3600 / 60);
    }

    /** A date and time in the server's time zone, as on Spark's other pages. */
    public static String time(long millis) {
        return TIME.format(Instant.ofEpochMilli(millis).atZone(ZoneId.systemDefault()));
    }
}
