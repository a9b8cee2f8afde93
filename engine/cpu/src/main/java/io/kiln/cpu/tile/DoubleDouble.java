package io.kiln.cpu.tile;

/**
 * A number of about 32 digits: the sum of two doubles, the second of them at most half a unit in the last place of the
 * first. Sums and products follow Dekker (1971) and Knuth, without fused operations, which are slow on old processors.
 */
record DoubleDouble(double high, double low) {
    /** 2^27 + 1, which splits a double into halves. */
    private static final double SPLIT = 0x1p27 + 1;

    private static final DoubleDouble LN2 = new DoubleDouble(0.6931471805599453, 2.3190468138462996e-17);
    /** Terms of the series of the logarithm for s up to 0.1716. */
    private static final int LOG_TERMS = 22;

    static DoubleDouble of(double a) {
        return new DoubleDouble(a, 0);
    }

    /** a + b exactly. */
    static DoubleDouble sum(double a, double b) {
        double s = a + b;
        double t = s - a;
        return new DoubleDouble(s, (a - (s - t)) + (b - t));
    }

    /** a * b exactly, for sizes from 1e-140 to 1e140. */
    private static DoubleDouble product(double a, double b) {
        double p = a * b;
        double s = SPLIT * a;
        double ah = s - (s - a);
        double al = a - ah;
        double t = SPLIT * b;
        double bh = t - (t - b);
        double bl = b - bh;
        return new DoubleDouble(p, ((ah * bh - p) + ah * bl + al * bh) + al * bl);
    }

    /** Of high and low with |high| above |low|. */
    private static DoubleDouble normal(double high, double low) {
        double s = high + low;
        return new DoubleDouble(s, low - (s - high));
    }

    DoubleDouble neg() {
        return new DoubleDouble(-high, -low);
    }

    DoubleDouble add(DoubleDouble other) {
        DoubleDouble s = sum(high, other.high);
        DoubleDouble t = sum(low, other.low);
        DoubleDouble r = normal(s.high, s.low + t.high);
        return normal(r.high, r.low + t.low);
    }

    DoubleDouble mul(DoubleDouble other) {
        DoubleDouble p = product(high, other.high);
        return normal(p.high, p.low + (high * other.low + low * other.high));
    }

    /** 1 over this number. */
    DoubleDouble inverse() {
        double first = 1 / high;
        DoubleDouble p = product(high, first);
        // Newton's step doubles the digits.
        return normal(first, first * ((1 - p.high) - p.low - first * low));
    }

    /** Natural logarithm of a positive number: k ln 2 and 2 artanh((m - 1)/(m + 1)) with m around 1. */
    DoubleDouble log() {
        int k = Math.getExponent(high * Math.sqrt(2));
        double scale = Math.scalb(1.0, -k);
        DoubleDouble m = new DoubleDouble(high * scale, low * scale);
        DoubleDouble s = m.add(of(-1)).mul(m.add(of(1)).inverse());
        DoubleDouble square = s.mul(s);
        DoubleDouble series = of(0);
        for (int j = LOG_TERMS; j >= 0; j--) {
            series = series.mul(square).add(of(2 * j + 1).inverse());
        }
        return series.mul(s).mul(of(2)).add(LN2.mul(of(k)));
    }
}
