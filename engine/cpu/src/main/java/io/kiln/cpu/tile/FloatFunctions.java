package io.kiln.cpu.tile;

import io.kiln.ndarray.internal.Memory;

/**
 * Functions over float tiles that need access to bits and so cannot be plain float loops. Bits are copied to int arrays
 * and back, which costs a fraction of what the scalar functions of {@link Math} or a mispredicted branch per element
 * do; every loop is plain and becomes vector instructions.
 *
 * <p>exp and log follow Cephes (Moshier, expf and logf); errors stay below 2 units in the last place.
 */
final class FloatFunctions {
    /** Added to a float below 2^22 in magnitude it leaves the nearest integer in the low bits. */
    private static final float MAGIC = 0x1.8p23f;

    private static final int MAGIC_BITS = Float.floatToRawIntBits(MAGIC);
    private static final int INFINITY_BITS = Float.floatToRawIntBits(Float.POSITIVE_INFINITY);
    private static final float LOG2_E = 1.44269504f;
    /** ln 2 in two parts; products of the first one with integers of 9 bits are exact. */
    private static final float LN2_HIGH = 0.693359375f;

    private static final float LN2_LOW = -2.12194440e-4f;
    private static final int ROOT_HALF_BITS = Float.floatToRawIntBits(0.70710678f);

    /** Distribution functions are 0 and 1 beyond here. */
    private static final float CDF_END = 15;

    private static final float SPLIT = 4097;
    /** √(8/π) in two parts. */
    private static final float ROOT = 1.5957691669464111f;

    private static final float ROOT_LOW = -4.534068054340423e-8f;
    /** √(8/π) 0.044715 in two parts. */
    private static final float CUBIC = 7.135481387376785e-2f;

    private static final float CUBIC_LOW = 2.3988324e-9f;

    private final int[] x;
    private final int[] y;
    private final int[] z;
    private final float[] f;
    private final float[] g;
    private final float[] h;
    private final float[] e;
    private final float[] s;
    private final float[] d;

    FloatFunctions(int length) {
        x = new int[length];
        y = new int[length];
        z = new int[length];
        f = new float[length];
        g = new float[length];
        h = new float[length];
        e = new float[length];
        s = new float[length];
        d = new float[length];
    }

    /** r = a != 0 ? b : c. */
    void select(float[] r, float[] a, float[] b, float[] c, int n) {
        Memory.copyBits(a, x, n);
        Memory.copyBits(b, y, n);
        Memory.copyBits(c, z, n);
        for (int i = 0; i < n; i++) {
            int t = x[i] << 1;
            int mask = (t | -t) >> 31;
            y[i] = y[i] & mask | z[i] & ~mask;
        }
        Memory.copyBits(y, r, n);
    }

    /** r = a != 0 ? b : c. */
    void select(float[] r, float[] a, float b, float[] c, int n) {
        Memory.copyBits(a, x, n);
        Memory.copyBits(c, z, n);
        int one = Float.floatToRawIntBits(b);
        for (int i = 0; i < n; i++) {
            int t = x[i] << 1;
            int mask = (t | -t) >> 31;
            z[i] = one & mask | z[i] & ~mask;
        }
        Memory.copyBits(z, r, n);
    }

    /** r = a != 0 ? b : c. */
    void select(float[] r, float[] a, float[] b, float c, int n) {
        Memory.copyBits(a, x, n);
        Memory.copyBits(b, y, n);
        int other = Float.floatToRawIntBits(c);
        for (int i = 0; i < n; i++) {
            int t = x[i] << 1;
            int mask = (t | -t) >> 31;
            y[i] = y[i] & mask | other & ~mask;
        }
        Memory.copyBits(y, r, n);
    }

    /** r = a != 0 ? b : c. */
    void select(float[] r, float[] a, float b, float c, int n) {
        Memory.copyBits(a, x, n);
        int one = Float.floatToRawIntBits(b);
        int other = Float.floatToRawIntBits(c);
        for (int i = 0; i < n; i++) {
            int t = x[i] << 1;
            int mask = (t | -t) >> 31;
            x[i] = one & mask | other & ~mask;
        }
        Memory.copyBits(x, r, n);
    }

    /** r = a &gt; 0 ? b : 0, the gradient of ReLU. */
    void positive(float[] r, float[] a, float[] b, int n) {
        Memory.copyBits(a, x, n);
        Memory.copyBits(b, y, n);
        for (int i = 0; i < n; i++) {
            int t = x[i];
            // Negative exactly for bits from 1 to those of infinity: neither 0, nor negative, nor NaN.
            y[i] &= (-t & t - INFINITY_BITS - 1) >> 31;
        }
        Memory.copyBits(y, r, n);
    }

    /** r = e^a. */
    void exp(float[] r, float[] a, int n) {
        for (int i = 0; i < n; i++) {
            // e^89 overflows and e^-104 rounds to 0; NaN passes.
            float t = Math.min(Math.max(a[i], -104f), 89f);
            float k = t * LOG2_E + MAGIC;
            h[i] = k;
            k -= MAGIC;
            float u = t - k * LN2_HIGH - k * LN2_LOW;
            float p = 1.9875691500e-4f * u + 1.3981999507e-3f;
            p = p * u + 8.3334519073e-3f;
            p = p * u + 4.1665795894e-2f;
            p = p * u + 1.6666665459e-1f;
            p = p * u + 5.0000001201e-1f;
            f[i] = p * (u * u) + u + 1;
        }
        Memory.copyBits(h, x, n);
        // The factor 2^k in two halves, so that neither leaves the range of floats.
        for (int i = 0; i < n; i++) {
            int k = x[i] - MAGIC_BITS;
            int half = k >> 1;
            y[i] = half + 127 << 23;
            z[i] = k - half + 127 << 23;
        }
        Memory.copyBits(y, g, n);
        Memory.copyBits(z, h, n);
        for (int i = 0; i < n; i++) {
            r[i] = f[i] * g[i] * h[i];
        }
    }

    /** r = 1 / (1 + e^-a). */
    void sigmoid(float[] r, float[] a, int n) {
        for (int i = 0; i < n; i++) {
            s[i] = a[i];
            e[i] = -Math.abs(a[i]);
        }
        exp(e, e, n);
        for (int i = 0; i < n; i++) {
            // 1 for positive a and 0 for negative; where it is between them, e is 1 and it does not matter.
            float positive = Math.min(Math.max(s[i] * 1e30f, 0f), 1f);
            r[i] = (e[i] + positive * (1 - e[i])) / (1 + e[i]);
        }
    }

    /**
     * r = (1 + erf(a/√2)) / 2: e^(-a²/2) t q(t) with t = 1 / (1 + |a|/4) and a polynomial q whose error is 3e-8 of the
     * result (least squares at Chebyshev nodes, weighted towards equal errors).
     */
    void normalCdf(float[] r, float[] a, int n) {
        sizes(a, n);
        for (int i = 0; i < n; i++) {
            float t = d[i];
            float square = t * t;
            e[i] = -0.5f * square;
            d[i] = 0.5f * lost(t, t, square);
        }
        exp(e, e, n);
        for (int i = 0; i < n; i++) {
            float t = 1 / (1 + 0.25f * Math.min(Math.abs(s[i]), CDF_END));
            float q = 1.7177395522594452e-2f * t - 6.612032651901245e-2f;
            q = q * t + 5.9695690870285034e-2f;
            q = q * t + 1.738138310611248e-2f;
            q = q * t + 2.2215798497200012e-2f;
            q = q * t + 8.136606216430664e-2f;
            q = q * t + 7.39031583070755e-2f;
            q = q * t + 9.508950263261795e-2f;
            q = q * t + 9.954635798931122e-2f;
            q = q * t + 9.974499046802521e-2f;
            f[i] = q * t;
        }
        for (int i = 0; i < n; i++) {
            e[i] *= (1 - d[i]) * f[i];
        }
        mirror(r, n);
    }

    /**
     * r = 1 / (1 + e^-v) with v = √(8/π) (a + 0.044715 a³), including the rounding error of v, which the exponential
     * would magnify.
     */
    void tanhCdf(float[] r, float[] a, int n) {
        sizes(a, n);
        for (int i = 0; i < n; i++) {
            float t = d[i];
            float square = t * t;
            f[i] = square;
            g[i] = CUBIC * lost(t, t, square) + CUBIC_LOW * square + ROOT_LOW;
        }
        for (int i = 0; i < n; i++) {
            float cubic = CUBIC * f[i];
            g[i] += lost(CUBIC, f[i], cubic);
            h[i] = cubic;
        }
        for (int i = 0; i < n; i++) {
            float w = ROOT + h[i];
            float back = w - ROOT;
            g[i] += (ROOT - (w - back)) + (h[i] - back);
            f[i] = w;
        }
        for (int i = 0; i < n; i++) {
            float t = d[i];
            float v = f[i] * t;
            e[i] = -v;
            d[i] = g[i] * t + lost(f[i], t, v);
        }
        exp(e, e, n);
        for (int i = 0; i < n; i++) {
            float q = e[i] * (1 - d[i]);
            e[i] = q / (1 + q);
        }
        mirror(r, n);
    }

    /** s = a, d = |a| up to the end of the distribution functions. */
    private void sizes(float[] a, int n) {
        for (int i = 0; i < n; i++) {
            s[i] = a[i];
            d[i] = Math.min(Math.abs(a[i]), CDF_END);
        }
    }

    /** r = e where s is negative, elsewhere 1 - e. */
    private void mirror(float[] r, int n) {
        for (int i = 0; i < n; i++) {
            float positive = Math.min(Math.max(s[i] * 1e30f, 0f), 1f);
            r[i] = e[i] + positive * (1 - 2 * e[i]);
        }
    }

    /** What the product p = a b lost to rounding (Dekker, 1971). */
    private static float lost(float a, float b, float p) {
        float s = SPLIT * a;
        float ah = s - (s - a);
        float al = a - ah;
        float t = SPLIT * b;
        float bh = t - (t - b);
        float bl = b - bh;
        return ((ah * bh - p) + ah * bl + al * bh) + al * bl;
    }

    /** r = tanh a: an odd polynomial for |a| up to 0.625 (Cephes, tanhf), beyond that from e^-2|a|. */
    void tanh(float[] r, float[] a, int n) {
        for (int i = 0; i < n; i++) {
            s[i] = a[i];
            e[i] = -2 * Math.abs(a[i]);
        }
        exp(e, e, n);
        for (int i = 0; i < n; i++) {
            float t = Math.min(Math.max(s[i], -0.625f), 0.625f);
            float z = t * t;
            float p = -5.70498872745e-3f * z + 2.06390887954e-2f;
            p = p * z - 5.37397155531e-2f;
            p = p * z + 1.33314422036e-1f;
            p = p * z - 3.33332819422e-1f;
            f[i] = p * z * t + t;
            g[i] = (1 - e[i]) / (1 + e[i]);
        }
        choose(r, 0.625f, n);
    }

    /**
     * r = erf a: an odd polynomial for |a| up to 1, beyond that 1 - e^-a² q(1 / (1 + 0.4 |a|)) with a polynomial q.
     * Both are interpolated at Chebyshev nodes, with errors below 2e-9.
     */
    void erf(float[] r, float[] a, int n) {
        for (int i = 0; i < n; i++) {
            s[i] = a[i];
            float t = Math.min(Math.abs(a[i]), 4.2f);
            e[i] = -t * t;
        }
        exp(e, e, n);
        for (int i = 0; i < n; i++) {
            float t = Math.min(Math.max(s[i], -1f), 1f);
            float z = t * t;
            float p = -9.667044650996104e-06f * z + 1.1265958892181516e-4f;
            p = p * z - 8.484080317430198e-4f;
            p = p * z + 5.221031606197357e-3f;
            p = p * z - 2.6865430176258087e-2f;
            p = p * z + 1.1283782124519348e-1f;
            p = p * z - 3.7612637877464294e-1f;
            p = p * z + 1.28379225730896e-1f;
            f[i] = p * t + t;
        }
        for (int i = 0; i < n; i++) {
            float t = 1 / (1 + 0.4f * Math.min(Math.abs(s[i]), 4.2f));
            float q = -1.9582191109657288e-1f * t + 7.137028574943542e-1f;
            q = q * t - 4.1042736172676086e-1f;
            q = q * t + 5.264118909835815e-1f;
            q = q * t + 1.2432532012462616e-1f;
            q = q * t + 2.432374507188797e-1f;
            q = q * t - 1.2869557831436396e-3f;
            g[i] = 1 - q * e[i];
        }
        choose(r, 1, n);
    }

    /** r = f where |s| is at most a bound, elsewhere g with the sign of s; NaN where s is NaN. */
    private void choose(float[] r, float bound, int n) {
        for (int i = 0; i < n; i++) {
            // Exactly 0 or 1, and 0, 1 or -1.
            float beyond = Math.min(Math.max((Math.abs(s[i]) - bound) * 1e30f, 0f), 1f);
            float sign = Math.min(Math.max(s[i] * 1e30f, -1f), 1f);
            r[i] = (1 - beyond) * f[i] + beyond * sign * g[i];
        }
        Memory.copyBits(s, x, n);
        Memory.copyBits(r, y, n);
        for (int i = 0; i < n; i++) {
            y[i] |= x[i] & Integer.MIN_VALUE; // the sign of -0, which sums lose
        }
        Memory.copyBits(y, r, n);
    }

    /** r = ln a. */
    void log(float[] r, float[] a, int n) {
        logNormal(a, n);
        for (int i = 0; i < n; i++) {
            float v = a[i];
            r[i] = v >= Float.MIN_NORMAL && v <= Float.MAX_VALUE ? f[i] : (float) Math.log(v);
        }
    }

    /** r = ln(1 + a). */
    void log1p(float[] r, float[] a, int n) {
        for (int i = 0; i < n; i++) {
            g[i] = 1 + a[i];
        }
        logNormal(g, n);
        for (int i = 0; i < n; i++) {
            // What was lost when 1 + a was rounded, times the slope there.
            f[i] += (a[i] - (g[i] - 1)) / g[i];
        }
        for (int i = 0; i < n; i++) {
            float v = a[i];
            r[i] = v > -1 && v <= 1e30f && v != 0 ? f[i] : v == 0 ? v : (float) Math.log1p(v);
        }
    }

    /** f = ln a for positive normal a: a = 2^e m with m around 1, ln a = e ln 2 + ln m. */
    private void logNormal(float[] a, int n) {
        Memory.copyBits(a, x, n);
        for (int i = 0; i < n; i++) {
            int e = x[i] - ROOT_HALF_BITS >> 23;
            y[i] = x[i] - (e << 23);
            z[i] = e + MAGIC_BITS;
        }
        Memory.copyBits(y, f, n);
        Memory.copyBits(z, h, n);
        for (int i = 0; i < n; i++) {
            float e = h[i] - MAGIC;
            float t = f[i] - 1;
            float square = t * t;
            float p = 7.0376836292e-2f * t - 1.1514610310e-1f;
            p = p * t + 1.1676998740e-1f;
            p = p * t - 1.2420140846e-1f;
            p = p * t + 1.4249322787e-1f;
            p = p * t - 1.6668057665e-1f;
            p = p * t + 2.0000714765e-1f;
            p = p * t - 2.4999993993e-1f;
            p = p * t + 3.3333331174e-1f;
            p = p * t * square + LN2_LOW * e - 0.5f * square;
            f[i] = t + p + LN2_HIGH * e;
        }
    }
}
