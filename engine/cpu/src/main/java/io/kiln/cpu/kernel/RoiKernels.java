package io.kiln.cpu.kernel;

import io.kiln.cpu.EngineThreads;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.op.Operator;
import io.kiln.op.internal.RoiAlignGradient;
import io.kiln.op.vision.RoiAlign;
import java.util.Arrays;

/** Pooling of regions of images: {@code RoiAlign} and its gradient. */
final class RoiKernels {
    private final int height;
    private final int width;
    private final int binsDown;
    private final int binsAcross;
    private final long images;
    private final long[] image;
    private final Taps taps;

    private RoiKernels(RoiAlign op, Shape x, NDArray roi) {
        images = x.dim(0);
        height = Math.toIntExact(x.dim(2));
        width = Math.toIntExact(x.dim(3));
        binsDown = Math.toIntExact(op.height());
        binsAcross = Math.toIntExact(op.width());
        double[] r = roi.toDoubleArray();
        image = new long[r.length / 5];
        taps = new Taps(Math.multiplyExact(image.length, binsDown * binsAcross));
        for (int i = 0; i < image.length; i++) {
            image[i] = (long) r[5 * i];
            if (!(r[5 * i] >= 0 && image[i] < images)) {
                throw new IndexOutOfBoundsException(
                        "roiAlign: images must be from 0 to " + (images - 1) + ", got " + r[5 * i] + " in region " + i);
            }
            double shift = op.aligned() ? 0.5 : 0;
            double left = r[5 * i + 1] * op.scale() - shift;
            double top = r[5 * i + 2] * op.scale() - shift;
            double w = r[5 * i + 3] * op.scale() - shift - left;
            double h = r[5 * i + 4] * op.scale() - shift - top;
            if (!Double.isFinite(left) || !Double.isFinite(top) || !Double.isFinite(w) || !Double.isFinite(h)) {
                throw new IllegalArgumentException("roiAlign: corners must be finite, got "
                        + Arrays.toString(Arrays.copyOfRange(r, 5 * i + 1, 5 * i + 5)) + " in region " + i
                        + "; leave regions of a diverged network out");
            }
            region(left, top, op.aligned() ? w : Math.max(1, w), op.aligned() ? h : Math.max(1, h), (int) op.samples());
        }
    }

    private void region(double left, double top, double w, double h, int samples) {
        double binWidth = w / binsAcross;
        double binHeight = h / binsDown;
        int down = samples > 0 ? samples : (int) Math.ceil(binHeight);
        int across = samples > 0 ? samples : (int) Math.ceil(binWidth);
        double share = 1.0 / Math.max(1, down * across);
        for (int i = 0; i < binsDown; i++) {
            for (int j = 0; j < binsAcross; j++) {
                for (int k = 0; k < down; k++) {
                    double y = top + i * binHeight + (k + 0.5) * binHeight / down;
                    for (int l = 0; l < across; l++) {
                        sample(left + j * binWidth + (l + 0.5) * binWidth / across, y, share);
                    }
                }
                taps.next();
            }
        }
    }

    private void sample(double x, double y, double share) {
        if (!(y >= -1 && y <= height && x >= -1 && x <= width)) {
            return;
        }
        double px = Math.min(Math.max(x, 0), width - 1);
        double py = Math.min(Math.max(y, 0), height - 1);
        int left = (int) px;
        int top = (int) py;
        int right = Math.min(left + 1, width - 1);
        int bottom = Math.min(top + 1, height - 1);
        double h = px - left;
        double v = py - top;
        taps.add(top * width + left, share * (1 - h) * (1 - v));
        taps.add(top * width + right, share * h * (1 - v));
        taps.add(bottom * width + left, share * (1 - h) * v);
        taps.add(bottom * width + right, share * h * v);
    }

    static void forward(Operator operator, NDArray[] in, NDArray[] outputs) {
        RoiKernels k = new RoiKernels((RoiAlign) operator, in[0].shape(), in[1]);
        k.run(in[0], outputs[0], in[0].shape().dim(1), true);
    }

    static void gradient(Operator operator, NDArray[] in, NDArray[] outputs) {
        RoiAlignGradient g = (RoiAlignGradient) operator;
        RoiAlign op = new RoiAlign(g.height(), g.width(), g.scale(), g.samples(), g.aligned());
        RoiKernels k = new RoiKernels(op, outputs[0].shape(), in[1]);
        k.run(in[0], outputs[0], outputs[0].shape().dim(1), false);
    }

    /** Visits the planes of the images; each one serves all regions of its image. */
    private void run(NDArray input, NDArray output, long channels, boolean forward) {
        int plane = Math.multiplyExact(height, width);
        int bins = binsDown * binsAcross;
        try (Scope temporaries = Scope.open()) {
            NDArray from = RealRows.of(input);
            NDArray result = RealRows.result(output);
            EngineThreads.parallel().forRange(images * channels, 1, (start, end) -> {
                RealRows source = new RealRows(from);
                RealRows target = new RealRows(result);
                double[] a = new double[plane];
                double[] b = new double[bins];
                for (long p = start; p < end; p++) {
                    if (forward) {
                        source.get(p * plane, a, 0, plane);
                    } else {
                        Arrays.fill(a, 0);
                    }
                    for (int r = 0; r < image.length; r++) {
                        if (image[r] != p / channels) {
                            continue;
                        }
                        long place = (r * channels + p % channels) * bins;
                        if (forward) {
                            taps.gather(a, b, r * bins, bins);
                            target.put(b, 0, place, bins);
                        } else {
                            source.get(place, b, 0, bins);
                            taps.scatter(b, a, r * bins, bins);
                        }
                    }
                    if (!forward) {
                        target.put(a, 0, p * plane, plane);
                    }
                }
            });
            HeapMath.store(result, output);
        }
    }
}
