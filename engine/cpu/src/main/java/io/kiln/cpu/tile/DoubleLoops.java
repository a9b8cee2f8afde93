// Generated from src/main/templates/…/XLoops.java.template, do not edit.
// After a change of the template: mvn test -pl engine/cpu -am -Dtest=SpecializationsTest -Dkiln.write=true
package io.kiln.cpu.tile;

/**
 * Arithmetic over {@code double} tiles: one plain loop each, which HotSpot turns into vector instructions. Equality is
 * tested by two comparisons, because HotSpot compiles those without a branch.
 */
@SuppressWarnings("cast") // the template converts where one of its types needs it
final class DoubleLoops {
    private static final double ZERO = 0;
    private static final double ONE = 1;

    private DoubleLoops() {}

    static void add(double[] r, double[] a, double[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] + b[i];
        }
    }

    static void add(double[] r, double[] a, double b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] + b;
        }
    }

    static void sub(double[] r, double[] a, double[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] - b[i];
        }
    }

    static void sub(double[] r, double[] a, double b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] - b;
        }
    }

    static void sub(double[] r, double a, double[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a - b[i];
        }
    }

    static void mul(double[] r, double[] a, double[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] * b[i];
        }
    }

    static void mul(double[] r, double[] a, double b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] * b;
        }
    }

    static void div(double[] r, double[] a, double[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] / b[i];
        }
    }

    static void div(double[] r, double[] a, double b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] / b;
        }
    }

    static void div(double[] r, double a, double[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a / b[i];
        }
    }

    static void max(double[] r, double[] a, double[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = Math.max(a[i], b[i]);
        }
    }

    static void max(double[] r, double[] a, double b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = Math.max(a[i], b);
        }
    }

    static void min(double[] r, double[] a, double[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = Math.min(a[i], b[i]);
        }
    }

    static void min(double[] r, double[] a, double b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = Math.min(a[i], b);
        }
    }

    static void eq(double[] r, double[] a, double[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = (a[i] >= b[i] ? ONE : ZERO) * (a[i] <= b[i] ? ONE : ZERO);
        }
    }

    static void eq(double[] r, double[] a, double b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = (a[i] >= b ? ONE : ZERO) * (a[i] <= b ? ONE : ZERO);
        }
    }

    static void ne(double[] r, double[] a, double[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = 1 - (a[i] >= b[i] ? ONE : ZERO) * (a[i] <= b[i] ? ONE : ZERO);
        }
    }

    static void ne(double[] r, double[] a, double b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = 1 - (a[i] >= b ? ONE : ZERO) * (a[i] <= b ? ONE : ZERO);
        }
    }

    static void lt(double[] r, double[] a, double[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] < b[i] ? 1 : 0;
        }
    }

    static void lt(double[] r, double[] a, double b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] < b ? 1 : 0;
        }
    }

    static void le(double[] r, double[] a, double[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] <= b[i] ? 1 : 0;
        }
    }

    static void le(double[] r, double[] a, double b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] <= b ? 1 : 0;
        }
    }

    static void gt(double[] r, double[] a, double[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] > b[i] ? 1 : 0;
        }
    }

    static void gt(double[] r, double[] a, double b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] > b ? 1 : 0;
        }
    }

    static void ge(double[] r, double[] a, double[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] >= b[i] ? 1 : 0;
        }
    }

    static void ge(double[] r, double[] a, double b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] >= b ? 1 : 0;
        }
    }

    static void neg(double[] r, double[] a, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = -a[i];
        }
    }

    static void abs(double[] r, double[] a, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = Math.abs(a[i]);
        }
    }

    static void sqrt(double[] r, double[] a, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = (double) Math.sqrt(a[i]);
        }
    }

    static void rsqrt(double[] r, double[] a, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = 1 / (double) Math.sqrt(a[i]);
        }
    }

    static void reciprocal(double[] r, double[] a, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = 1 / a[i];
        }
    }

    static void not(double[] r, double[] a, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = Math.abs(a[i]) <= 0 ? 1 : 0;
        }
    }

    static void and(double[] r, double[] a, double[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = (Math.abs(a[i]) <= 0 ? ZERO : ONE) * (Math.abs(b[i]) <= 0 ? ZERO : ONE);
        }
    }

    static void or(double[] r, double[] a, double[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = 1 - (Math.abs(a[i]) <= 0 ? ONE : ZERO) * (Math.abs(b[i]) <= 0 ? ONE : ZERO);
        }
    }

    /** r = a * s + b, each operation rounded. */
    static void addScaled(double[] r, double[] a, double s, double[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] * s + b[i];
        }
    }

    /** r = a * s + b * t, each operation rounded. */
    static void addScaled(double[] r, double[] a, double s, double[] b, double t, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] * s + b[i] * t;
        }
    }

    static void select(double[] r, double[] a, double[] b, double[] c, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] != 0 ? b[i] : c[i];
        }
    }

    static void select(double[] r, double[] a, double b, double[] c, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] != 0 ? b : c[i];
        }
    }

    static void select(double[] r, double[] a, double[] b, double c, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] != 0 ? b[i] : c;
        }
    }

    static void select(double[] r, double[] a, double b, double c, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] != 0 ? b : c;
        }
    }

    /** r = a &gt; 0 ? b : 0. */
    static void positive(double[] r, double[] a, double[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] > 0 ? b[i] : 0;
        }
    }
}
