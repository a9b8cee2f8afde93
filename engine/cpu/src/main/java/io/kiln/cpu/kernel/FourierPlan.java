package io.kiln.cpu.kernel;

/**
 * The discrete Fourier transform of one length, on pairs of doubles. Lengths with small prime factors are split by
 * these (Cooley and Tukey, 1965), others become a convolution whose length is a power of two (Bluestein, 1970).
 * Immutable.
 */
final class FourierPlan {
    private static final int LARGEST_FACTOR = 13;

    private final int n;
    private final double[] roots;
    private final double[] chirp;
    private final double[] filter;
    private final FourierPlan longer;

    /**
     * Prepares a transform.
     *
     * @param n the length, above 0
     */
    FourierPlan(int n) {
        this.n = n;
        if (largestFactor(n) <= LARGEST_FACTOR) {
            roots = new double[2 * n];
            for (int j = 0; j < n; j++) {
                unit(roots, j, -2 * Math.PI * j / n);
            }
            chirp = null;
            filter = null;
            longer = null;
            return;
        }
        roots = null;
        int m = Integer.highestOneBit(2 * n - 1) << 1;
        longer = new FourierPlan(m);
        chirp = new double[2 * n];
        double[] b = new double[2 * m];
        for (int j = 0; j < n; j++) {
            unit(chirp, j, -Math.PI * ((long) j * j % (2L * n)) / n);
            for (int at : new int[] {j, (m - j) % m}) {
                b[2 * at] = chirp[2 * j];
                b[2 * at + 1] = -chirp[2 * j + 1];
            }
        }
        filter = longer.forward(b);
    }

    private static void unit(double[] to, int j, double angle) {
        to[2 * j] = Math.cos(angle);
        to[2 * j + 1] = Math.sin(angle);
    }

    private static int smallestFactor(int n) {
        for (int p = 2; (long) p * p <= n; p++) {
            if (n % p == 0) {
                return p;
            }
        }
        return n;
    }

    private static int largestFactor(int n) {
        int largest = 1;
        for (int rest = n; rest > 1; ) {
            int p = smallestFactor(rest);
            largest = Math.max(largest, p);
            rest /= p;
        }
        return largest;
    }

    /** The transform of n pairs. */
    double[] forward(double[] x) {
        if (chirp == null) {
            double[] y = new double[2 * n];
            split(n, x, 0, 1, y, 0);
            return y;
        }
        double[] a = new double[2 * longer.n];
        for (int j = 0; j < n; j++) {
            multiply(a, j, x, j, chirp, j);
        }
        double[] spectrum = longer.forward(a);
        for (int j = 0; j < longer.n; j++) {
            multiply(spectrum, j, spectrum, j, filter, j);
        }
        double[] convolved = longer.inverse(spectrum);
        double[] y = new double[2 * n];
        for (int j = 0; j < n; j++) {
            multiply(y, j, convolved, j, chirp, j);
        }
        return y;
    }

    /** The inverse transform of n pairs: the conjugate of that of the conjugates, over n. */
    double[] inverse(double[] x) {
        double[] conjugate = x.clone();
        for (int j = 0; j < n; j++) {
            conjugate[2 * j + 1] = -x[2 * j + 1];
        }
        double[] y = forward(conjugate);
        for (int j = 0; j < n; j++) {
            y[2 * j] /= n;
            y[2 * j + 1] /= -n;
        }
        return y;
    }

    private static void multiply(double[] y, int k, double[] a, int i, double[] b, int j) {
        double re = a[2 * i] * b[2 * j] - a[2 * i + 1] * b[2 * j + 1];
        double im = a[2 * i] * b[2 * j + 1] + a[2 * i + 1] * b[2 * j];
        y[2 * k] = re;
        y[2 * k + 1] = im;
    }

    /** Transforms every stride-th pair of x from an index on: parts by the smallest factor, then their sums. */
    private void split(int length, double[] x, int from, int stride, double[] y, int to) {
        if (length == 1) {
            y[2 * to] = x[2 * from];
            y[2 * to + 1] = x[2 * from + 1];
            return;
        }
        int p = smallestFactor(length);
        int m = length / p;
        for (int r = 0; r < p; r++) {
            split(m, x, from + r * stride, stride * p, y, to + r * m);
        }
        double[] part = new double[2 * p];
        int step = n / length;
        for (int k = 0; k < m; k++) {
            for (int r = 0; r < p; r++) {
                part[2 * r] = y[2 * (to + r * m + k)];
                part[2 * r + 1] = y[2 * (to + r * m + k) + 1];
            }
            for (int q = 0; q < p; q++) {
                int place = k + q * m;
                double re = part[0];
                double im = part[1];
                int angle = 0;
                for (int r = 1; r < p; r++) {
                    angle += place;
                    angle = angle >= length ? angle - length : angle;
                    double c = roots[2 * angle * step];
                    double s = roots[2 * angle * step + 1];
                    re += part[2 * r] * c - part[2 * r + 1] * s;
                    im += part[2 * r] * s + part[2 * r + 1] * c;
                }
                y[2 * (to + place)] = re;
                y[2 * (to + place) + 1] = im;
            }
        }
    }
}
