package io.kiln.data.vision;

/**
 * Resamples a part of one axis with a triangular filter, in the fixed-point arithmetic of Pillow's {@code Resample.c}, whose
 * bytes it reproduces.
 */
final class TriangleFilter {
    private static final int PRECISION = 22;
    private static final int BYTE = 0xff;

    private final long from;
    private final long to;
    private final int first;
    private final int needed;
    private final int[] starts;
    private final int[][] weights;

    /**
     * Computes the weights.
     *
     * @param from old size of the axis
     * @param to new size
     * @param begin the first of the new values that are wanted
     * @param count how many are
     */
    TriangleFilter(int from, long to, long begin, int count) {
        this.from = from;
        this.to = to;
        this.starts = new int[count];
        this.weights = new int[count][];
        double scale = (double) from / to;
        double support = from == to ? 0.5 : Math.max(1, scale); // the same size: each value by itself
        for (int i = 0; i < count; i++) {
            double centre = (begin + i + 0.5) * scale;
            int start = Math.max(0, (int) (centre - support + 0.5));
            int end = Math.min(from, (int) (centre + support + 0.5));
            starts[i] = start;
            weights[i] = weights(start, end, centre, support);
        }
        this.first = starts[0];
        this.needed = starts[count - 1] + weights[count - 1].length - first;
    }

    private static int[] weights(int start, int end, double centre, double support) {
        double[] w = new double[end - start];
        double sum = 0;
        for (int k = 0; k < w.length; k++) {
            w[k] = Math.max(0, 1 - Math.abs((k + start - centre + 0.5) * (1 / support)));
            sum += w[k];
        }
        int[] fixed = new int[w.length];
        for (int k = 0; k < w.length; k++) {
            fixed[k] = (int) (0.5 + w[k] / sum * (1 << PRECISION));
        }
        return fixed;
    }

    /** The first of the old values that the new ones depend on. */
    int first() {
        return first;
    }

    /** The number of old values, from {@link #first} on, that the new ones depend on. */
    int needed() {
        return needed;
    }

    boolean shrinks() {
        return to < from;
    }

    boolean grows() {
        return to > from;
    }

    /** Resamples the rows of a bitmap of the {@link #needed} columns. */
    Bitmap alongRows(Bitmap in) {
        if (from == to) {
            return in;
        }
        int width = starts.length;
        int c = in.channels();
        byte[] out = new byte[Math.multiplyExact(Math.multiplyExact(in.height(), width), c)];
        for (int y = 0; y < in.height(); y++) {
            for (int x = 0; x < width; x++) {
                int at = (y * in.width() + starts[x] - first) * c;
                for (int k = 0; k < c; k++) {
                    out[(y * width + x) * c + k] = sum(in.pixels(), at + k, c, weights[x]);
                }
            }
        }
        return new Bitmap(in.height(), width, c, out);
    }

    /** Resamples the columns of a bitmap of the {@link #needed} rows. */
    Bitmap alongColumns(Bitmap in) {
        if (from == to) {
            return in;
        }
        int height = starts.length;
        int row = in.width() * in.channels();
        byte[] out = new byte[Math.multiplyExact(height, row)];
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < row; x++) {
                out[y * row + x] = sum(in.pixels(), (starts[y] - first) * row + x, row, weights[y]);
            }
        }
        return new Bitmap(height, in.width(), in.channels(), out);
    }

    private static byte sum(byte[] pixels, int from, int step, int... weights) {
        int sum = 1 << PRECISION - 1;
        for (int k = 0; k < weights.length; k++) {
            sum += (pixels[from + k * step] & BYTE) * weights[k];
        }
        return (byte) Math.max(0, Math.min(BYTE, sum >> PRECISION));
    }
}
