package io.kiln.cpu.winograd;

/**
 * The sums of the transforms, element by element over arrays of their own: a loop has two results at most, because HotSpot
 * 17 finds no vector instructions in longer bodies, in loops over several places of one array, or over memory off the heap.
 */
final class Loops {
    private Loops() {}

    /** {@code r = 4a - 5b + c}. */
    static void end(float[] r, float[] a, float[] b, float[] c, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = 4 * a[i] - 5 * b[i] + c[i];
        }
    }

    /** {@code p, q = (d - 4b) ± (c - 4a)}. */
    static void near(float[] p, float[] q, float[] a, float[] b, float[] c, float[] d, int n) {
        for (int i = 0; i < n; i++) {
            float even = d[i] - 4 * b[i];
            float odd = c[i] - 4 * a[i];
            p[i] = even + odd;
            q[i] = even - odd;
        }
    }

    /** {@code p, q = (d - b) ± 2(c - a)}. */
    static void far(float[] p, float[] q, float[] a, float[] b, float[] c, float[] d, int n) {
        for (int i = 0; i < n; i++) {
            float even = d[i] - b[i];
            float odd = 2 * (c[i] - a[i]);
            p[i] = even + odd;
            q[i] = even - odd;
        }
    }

    /** {@code p, q = a ± b}. */
    static void sumAndDifference(float[] p, float[] q, float[] a, float[] b, int n) {
        for (int i = 0; i < n; i++) {
            float x = a[i];
            float y = b[i];
            p[i] = x + y;
            q[i] = x - y;
        }
    }

    /** {@code p, q = a ± 2b}. */
    static void sumAndDifferenceOfTwice(float[] p, float[] q, float[] a, float[] b, int n) {
        for (int i = 0; i < n; i++) {
            float x = a[i];
            float y = 2 * b[i];
            p[i] = x + y;
            q[i] = x - y;
        }
    }

    /** {@code p, q = (a + e c) ± (f b + g d)}. */
    static void sumAndDifference(
            float[] p, float[] q, float[] a, float[] b, float[] c, float[] d, float e, float f, float g, int n) {
        for (int i = 0; i < n; i++) {
            float even = a[i] + e * c[i];
            float odd = f * b[i] + g * d[i];
            p[i] = even + odd;
            q[i] = even - odd;
        }
    }

    /** {@code p, q = (e a + g c) ± f b}. */
    static void weighted(float[] p, float[] q, float[] a, float[] b, float[] c, float e, float f, float g, int n) {
        for (int i = 0; i < n; i++) {
            float even = e * a[i] + g * c[i];
            float odd = f * b[i];
            p[i] = even + odd;
            q[i] = even - odd;
        }
    }

    /** {@code r = s a}. */
    static void scaled(float[] r, float[] a, float s, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = s * a[i];
        }
    }

    /** {@code p = a + (b + c) + (d + e), q = (b + c) + 4(d + e)}. */
    static void even(float[] p, float[] q, float[] a, float[] b, float[] c, float[] d, float[] e, int n) {
        for (int i = 0; i < n; i++) {
            float x = b[i] + c[i];
            float y = d[i] + e[i];
            p[i] = a[i] + x + y;
            q[i] = x + 4 * y;
        }
    }

    /** {@code p = (a - b) + 2(c - d), q = (a - b) + 8(c - d) + e}. */
    static void odd(float[] p, float[] q, float[] a, float[] b, float[] c, float[] d, float[] e, int n) {
        for (int i = 0; i < n; i++) {
            float x = a[i] - b[i];
            float y = c[i] - d[i];
            p[i] = x + 2 * y;
            q[i] = x + 8 * y + e[i];
        }
    }

    /** {@code p = a + (b + c) + (d + e)}. */
    static void first(float[] p, float[] a, float[] b, float[] c, float[] d, float[] e, int n) {
        for (int i = 0; i < n; i++) {
            p[i] = a[i] + (b[i] + c[i]) + (d[i] + e[i]);
        }
    }

    /** {@code q = (a - b) + 2(c - d) + e}. */
    static void last(float[] q, float[] a, float[] b, float[] c, float[] d, float[] e, int n) {
        for (int i = 0; i < n; i++) {
            q[i] = (a[i] - b[i]) + 2 * (c[i] - d[i]) + e[i];
        }
    }

    /** {@code p = s e + t (a + b) + u (c + d)}. */
    static void ofSums(
            float[] p, float[] a, float[] b, float[] c, float[] d, float[] e, float t, float u, float s, int n) {
        for (int i = 0; i < n; i++) {
            p[i] = t * (a[i] + b[i]) + u * (c[i] + d[i]) + s * e[i];
        }
    }

    /** {@code p = t (a - b) + u (c - d)}. */
    static void ofDifferences(float[] p, float[] a, float[] b, float[] c, float[] d, float t, float u, int n) {
        for (int i = 0; i < n; i++) {
            p[i] = t * (a[i] - b[i]) + u * (c[i] - d[i]);
        }
    }

    /** {@code p = t (a + b) + u (c + d)}. */
    static void ofSums(float[] p, float[] a, float[] b, float[] c, float[] d, float t, float u, int n) {
        for (int i = 0; i < n; i++) {
            p[i] = t * (a[i] + b[i]) + u * (c[i] + d[i]);
        }
    }

    /** {@code a = a + b}. */
    static void add(float[] a, float[] b, int n) {
        for (int i = 0; i < n; i++) {
            a[i] += b[i];
        }
    }

    /** {@code a = s a + b}. */
    static void scaleAndAdd(float[] a, float[] s, float[] b, int n) {
        for (int i = 0; i < n; i++) {
            a[i] = s[i] * a[i] + b[i];
        }
    }

    /** {@code a = max(a, 0)}. */
    static void rectify(float[] a, int n) {
        for (int i = 0; i < n; i++) {
            a[i] = Math.max(a[i], 0f);
        }
    }

    /** Turns elements of the first array into NaN where those of the second are not finite. */
    static void addZeroTimes(float[] a, float[] b, int n) {
        for (int i = 0; i < n; i++) {
            a[i] += b[i] * 0f;
        }
    }
}
