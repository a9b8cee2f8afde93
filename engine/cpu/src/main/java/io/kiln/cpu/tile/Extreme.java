package io.kiln.cpu.tile;

/** The place of the largest or smallest element of a row: the first of equals, and the first NaN before all others. */
final class Extreme {
    private Extreme() {}

    static long find(Lanes lanes, AxisRows rows, long row, boolean largest) {
        if (lanes instanceof FloatLanes f) {
            return find(f, rows, row, largest);
        }
        if (lanes instanceof DoubleLanes d) {
            return find(d, rows, row, largest);
        }
        return find((LongLanes) lanes, rows, row, largest);
    }

    private static long find(FloatLanes lanes, AxisRows rows, long row, boolean largest) {
        float[] a = lanes.tile(0);
        float best = Float.NaN;
        long place = -1;
        for (long from = 0; from < rows.length; from += a.length) {
            int n = (int) Math.min(a.length, rows.length - from);
            rows.load(lanes, 0, row, from, n);
            for (int i = 0; i < n; i++) {
                float v = a[i];
                if (v != v) {
                    return from + i;
                }
                if (place < 0 || (largest ? v > best : v < best)) {
                    best = v;
                    place = from + i;
                }
            }
        }
        return place;
    }

    private static long find(DoubleLanes lanes, AxisRows rows, long row, boolean largest) {
        double[] a = lanes.tile(0);
        double best = Double.NaN;
        long place = -1;
        for (long from = 0; from < rows.length; from += a.length) {
            int n = (int) Math.min(a.length, rows.length - from);
            rows.load(lanes, 0, row, from, n);
            for (int i = 0; i < n; i++) {
                double v = a[i];
                if (v != v) {
                    return from + i;
                }
                if (place < 0 || (largest ? v > best : v < best)) {
                    best = v;
                    place = from + i;
                }
            }
        }
        return place;
    }

    private static long find(LongLanes lanes, AxisRows rows, long row, boolean largest) {
        long[] a = lanes.tile(0);
        long best = 0;
        long place = -1;
        for (long from = 0; from < rows.length; from += a.length) {
            int n = (int) Math.min(a.length, rows.length - from);
            rows.load(lanes, 0, row, from, n);
            for (int i = 0; i < n; i++) {
                long v = a[i];
                if (place < 0 || (largest ? v > best : v < best)) {
                    best = v;
                    place = from + i;
                }
            }
        }
        return place;
    }
}
