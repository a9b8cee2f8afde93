package io.kiln.cpu.tile;

import io.kiln.ndarray.DType;

/** Sums along a row, from its start or from its end. */
final class RunningSum {
    private RunningSum() {}

    static void run(
            Lanes lanes,
            AxisRows in,
            AxisRows out,
            long row,
            boolean exclusive,
            boolean reverse,
            DType from,
            DType to) {
        // Backwards is forwards with negative strides from the last element.
        long sign = reverse ? -1 : 1;
        double real = 0;
        long whole = 0;
        for (long start = 0; start < in.length; start += lanes.length) {
            int n = (int) Math.min(lanes.length, in.length - start);
            long at = reverse ? in.length - 1 - start : start;
            lanes.load(from, in.at(row, at), sign * in.stride, 0, 0, n);
            if (lanes instanceof DoubleLanes d) {
                real = scan(d.tile(0), n, real, exclusive);
            } else {
                whole = scan(((LongLanes) lanes).tile(0), n, whole, exclusive);
            }
            lanes.store(to, out.at(row, at), sign * out.stride, 0, 0, n);
        }
    }

    private static double scan(double[] a, int n, double before, boolean exclusive) {
        double sum = before;
        for (int i = 0; i < n; i++) {
            double next = sum + a[i];
            a[i] = exclusive ? sum : next;
            sum = next;
        }
        return sum;
    }

    private static long scan(long[] a, int n, long before, boolean exclusive) {
        long sum = before;
        for (int i = 0; i < n; i++) {
            long next = sum + a[i];
            a[i] = exclusive ? sum : next;
            sum = next;
        }
        return sum;
    }
}
