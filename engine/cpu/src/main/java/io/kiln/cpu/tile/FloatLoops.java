// Generated from src/main/templates/…/XLoops.java.template, do not edit.
// After a change of the template: mvn test -pl engine/cpu -am -Dtest=SpecializationsTest -Dkiln.write=true
package io.kiln.cpu.tile;

/**
 * Arithmetic over {@code float} tiles: one plain loop each, which HotSpot turns into vector instructions. Equality is
 * tested by two comparisons, because HotSpot compiles those without a branch.
 */
@SuppressWarnings("cast") // the template converts where one of its types needs it
final class FloatLoops {
    private static final float ZERO = 0;
    private static final float ONE = 1;

    private FloatLoops() {}

    static void add(float[] r, float[] a, float[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] + b[i];
        }
    }

    static void add(float[] r, float[] a, float b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] + b;
        }
    }

    static void sub(float[] r, float[] a, float[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] - b[i];
        }
    }

    static void sub(float[] r, float[] a, float b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] - b;
        }
    }

    static void sub(float[] r, float a, float[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a - b[i];
        }
    }

    static void mul(float[] r, float[] a, float[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] * b[i];
        }
    }

    static void mul(float[] r, float[] a, float b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] * b;
        }
    }

    static void div(float[] r, float[] a, float[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] / b[i];
        }
    }

    static void div(float[] r, float[] a, float b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] / b;
        }
    }

    static void div(float[] r, float a, float[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a / b[i];
        }
    }

    static void max(float[] r, float[] a, float[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = Math.max(a[i], b[i]);
        }
    }

    static void max(float[] r, float[] a, float b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = Math.max(a[i], b);
        }
    }

    static void min(float[] r, float[] a, float[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = Math.min(a[i], b[i]);
        }
    }

    static void min(float[] r, float[] a, float b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = Math.min(a[i], b);
        }
    }

    static void eq(float[] r, float[] a, float[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = (a[i] >= b[i] ? ONE : ZERO) * (a[i] <= b[i] ? ONE : ZERO);
        }
    }

    static void eq(float[] r, float[] a, float b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = (a[i] >= b ? ONE : ZERO) * (a[i] <= b ? ONE : ZERO);
        }
    }

    static void ne(float[] r, float[] a, float[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = 1 - (a[i] >= b[i] ? ONE : ZERO) * (a[i] <= b[i] ? ONE : ZERO);
        }
    }

    static void ne(float[] r, float[] a, float b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = 1 - (a[i] >= b ? ONE : ZERO) * (a[i] <= b ? ONE : ZERO);
        }
    }

    static void lt(float[] r, float[] a, float[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] < b[i] ? 1 : 0;
        }
    }

    static void lt(float[] r, float[] a, float b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] < b ? 1 : 0;
        }
    }

    static void le(float[] r, float[] a, float[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] <= b[i] ? 1 : 0;
        }
    }

    static void le(float[] r, float[] a, float b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] <= b ? 1 : 0;
        }
    }

    static void gt(float[] r, float[] a, float[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] > b[i] ? 1 : 0;
        }
    }

    static void gt(float[] r, float[] a, float b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] > b ? 1 : 0;
        }
    }

    static void ge(float[] r, float[] a, float[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] >= b[i] ? 1 : 0;
        }
    }

    static void ge(float[] r, float[] a, float b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] >= b ? 1 : 0;
        }
    }

    static void neg(float[] r, float[] a, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = -a[i];
        }
    }

    static void abs(float[] r, float[] a, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = Math.abs(a[i]);
        }
    }

    static void sqrt(float[] r, float[] a, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = (float) Math.sqrt(a[i]);
        }
    }

    static void rsqrt(float[] r, float[] a, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = 1 / (float) Math.sqrt(a[i]);
        }
    }

    static void reciprocal(float[] r, float[] a, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = 1 / a[i];
        }
    }

    static void not(float[] r, float[] a, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = Math.abs(a[i]) <= 0 ? 1 : 0;
        }
    }

    static void and(float[] r, float[] a, float[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = (Math.abs(a[i]) <= 0 ? ZERO : ONE) * (Math.abs(b[i]) <= 0 ? ZERO : ONE);
        }
    }

    static void or(float[] r, float[] a, float[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = 1 - (Math.abs(a[i]) <= 0 ? ONE : ZERO) * (Math.abs(b[i]) <= 0 ? ONE : ZERO);
        }
    }

    /** r = a * s + b, each operation rounded. */
    static void addScaled(float[] r, float[] a, float s, float[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] * s + b[i];
        }
    }

    /** r = a * s + b * t, each operation rounded. */
    static void addScaled(float[] r, float[] a, float s, float[] b, float t, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] * s + b[i] * t;
        }
    }
}
