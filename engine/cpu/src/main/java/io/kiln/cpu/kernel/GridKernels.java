package io.kiln.cpu.kernel;

import io.kiln.cpu.EngineThreads;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.op.Operator;
import io.kiln.op.internal.GridSampleGradient;
import io.kiln.op.vision.GridPadding;
import io.kiln.op.vision.GridSample;
import io.kiln.op.vision.InterpolationMode;
import java.util.Arrays;

/** Bilinear and nearest sampling of images at points. */
final class GridKernels {
    private GridKernels() {}

    /** The position of a coordinate along an axis of n elements, and its slope with respect to the point. */
    private record Axis(int n, boolean border, boolean alignCorners) {
        double slope() {
            return alignCorners ? (n - 1) / 2.0 : n / 2.0;
        }

        double raw(double point) {
            return alignCorners ? (point + 1) * slope() : (point + 1) * slope() - 0.5;
        }

        double at(double point) {
            double raw = raw(point);
            return border ? Math.max(0, Math.min(n - 1, raw)) : raw;
        }

        /** The slope used in the gradient: up to the border the slope, beyond it none. */
        double slopeAt(double point) {
            double raw = raw(point);
            return border && !(raw >= 0 && raw <= n - 1) ? 0 : slope();
        }

        boolean has(double place) {
            return place >= 0 && place < n;
        }
    }

    static void forward(Operator operator, NDArray[] in, NDArray[] outputs) {
        GridSample op = (GridSample) operator;
        boolean border = op.padding() == GridPadding.BORDER;
        boolean nearest = op.mode() == InterpolationMode.NEAREST;
        Shape x = in[0].shape();
        Axis h = new Axis(Math.toIntExact(x.dim(3)), border, op.alignCorners());
        Axis v = new Axis(Math.toIntExact(x.dim(2)), border, op.alignCorners());
        int points =
                Math.toIntExact(outputs[0].shape().dim(2) * outputs[0].shape().dim(3));
        int channels = Math.toIntExact(x.dim(1));
        int plane = Math.multiplyExact(h.n, v.n);
        try (Scope temporaries = Scope.open()) {
            NDArray images = RealRows.of(in[0]);
            NDArray grid = RealRows.of(in[1]);
            NDArray y = RealRows.result(outputs[0]);
            EngineThreads.parallel().forRange(x.dim(0), 1, (from, to) -> {
                RealRows source = new RealRows(images);
                RealRows places = new RealRows(grid);
                RealRows target = new RealRows(y);
                double[] g = new double[2 * points];
                double[] a = new double[plane];
                double[] b = new double[points];
                for (long n = from; n < to; n++) {
                    places.get(n * 2 * points, g, 0, 2 * points);
                    Taps taps = taps(g, points, h, v, nearest);
                    for (long c = n * channels; c < (n + 1) * channels; c++) {
                        source.get(c * plane, a, 0, plane);
                        taps.gather(a, b, 0, points);
                        target.put(b, 0, c * points, points);
                    }
                }
            });
            HeapMath.store(y, outputs[0]);
        }
    }

    private static Taps taps(double[] grid, int points, Axis h, Axis v, boolean nearest) {
        Taps taps = new Taps(points);
        for (int p = 0; p < points; p++) {
            double i = h.at(grid[2 * p]);
            double j = v.at(grid[2 * p + 1]);
            if (nearest) {
                add(taps, h, v, Math.rint(i), Math.rint(j), 1);
            } else {
                double left = Math.floor(i);
                double top = Math.floor(j);
                add(taps, h, v, left, top, (left + 1 - i) * (top + 1 - j));
                add(taps, h, v, left + 1, top, (i - left) * (top + 1 - j));
                add(taps, h, v, left, top + 1, (left + 1 - i) * (j - top));
                add(taps, h, v, left + 1, top + 1, (i - left) * (j - top));
            }
            taps.next();
        }
        return taps;
    }

    private static void add(Taps taps, Axis h, Axis v, double i, double j, double weight) {
        if (h.has(i) && v.has(j)) {
            taps.add((int) j * h.n + (int) i, weight);
        }
    }

    static void gradient(Operator operator, NDArray[] in, NDArray[] outputs) {
        GridSampleGradient op = (GridSampleGradient) operator;
        boolean border = op.padding() == GridPadding.BORDER;
        boolean nearest = op.mode() == InterpolationMode.NEAREST;
        Shape x = in[1].shape();
        Axis h = new Axis(Math.toIntExact(x.dim(3)), border, op.alignCorners());
        Axis v = new Axis(Math.toIntExact(x.dim(2)), border, op.alignCorners());
        int points = Math.toIntExact(in[0].shape().dim(2) * in[0].shape().dim(3));
        int channels = Math.toIntExact(x.dim(1));
        int plane = Math.multiplyExact(h.n, v.n);
        try (Scope temporaries = Scope.open()) {
            NDArray dy = RealRows.of(in[0]);
            NDArray images = RealRows.of(in[1]);
            NDArray grid = RealRows.of(in[2]);
            NDArray dx = RealRows.result(outputs[0]);
            NDArray dgrid = RealRows.result(outputs[1]);
            EngineThreads.parallel().forRange(x.dim(0), 1, (from, to) -> {
                RealRows gradients = new RealRows(dy);
                RealRows source = new RealRows(images);
                RealRows places = new RealRows(grid);
                RealRows target = new RealRows(dx);
                RealRows moved = new RealRows(dgrid);
                double[] g = new double[2 * points];
                double[] a = new double[plane];
                double[] b = new double[points];
                for (long n = from; n < to; n++) {
                    places.get(n * 2 * points, g, 0, 2 * points);
                    Taps taps = taps(g, points, h, v, nearest);
                    double[] dg = new double[2 * points];
                    for (long c = n * channels; c < (n + 1) * channels; c++) {
                        gradients.get(c * points, b, 0, points);
                        if (!nearest) {
                            source.get(c * plane, a, 0, plane);
                            move(g, b, a, h, v, dg);
                        }
                        Arrays.fill(a, 0);
                        taps.scatter(b, a, 0, points);
                        target.put(a, 0, c * plane, plane);
                    }
                    moved.put(dg, 0, n * 2 * points, 2 * points);
                }
            });
            HeapMath.store(dx, outputs[0]);
            HeapMath.store(dgrid, outputs[1]);
        }
    }

    /** Adds the gradients of the points from one channel. */
    private static void move(double[] grid, double[] dy, double[] plane, Axis h, Axis v, double[] to) {
        for (int p = 0; p < dy.length; p++) {
            double i = h.at(grid[2 * p]);
            double j = v.at(grid[2 * p + 1]);
            if (Double.isNaN(i + j)) {
                continue;
            }
            double left = Math.floor(i);
            double top = Math.floor(j);
            double v00 = value(plane, h, v, left, top);
            double v01 = value(plane, h, v, left + 1, top);
            double v10 = value(plane, h, v, left, top + 1);
            double v11 = value(plane, h, v, left + 1, top + 1);
            double right = i - left;
            double down = j - top;
            double across = (v01 - v00) * (1 - down) + (v11 - v10) * down;
            double along = (v10 - v00) * (1 - right) + (v11 - v01) * right;
            to[2 * p] += dy[p] * across * h.slopeAt(grid[2 * p]);
            to[2 * p + 1] += dy[p] * along * v.slopeAt(grid[2 * p + 1]);
        }
    }

    private static double value(double[] plane, Axis h, Axis v, double i, double j) {
        return h.has(i) && v.has(j) ? plane[(int) j * h.n + (int) i] : 0;
    }
}
