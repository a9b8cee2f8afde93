// Generated from src/main/templates/…/XLoops.java.template, do not edit.
// After a change of the template: mvn test -pl engine/cpu -am -Dtest=SpecializationsTest -Dkiln.write=true
package io.kiln.cpu.tile;

/**
 * Arithmetic over {@code long} tiles: one plain loop each, which HotSpot turns into vector instructions. Equality is
 * tested by two comparisons, because HotSpot compiles those without a branch.
 * Overflow wraps around; division rounds down, and by 0 gives 0.
 */
@SuppressWarnings("cast") // the template converts where one of its types needs it
final class LongLoops {
    private static final long ZERO = 0;
    private static final long ONE = 1;

    private LongLoops() {}

    static void add(long[] r, long[] a, long[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] + b[i];
        }
    }

    static void add(long[] r, long[] a, long b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] + b;
        }
    }

    static void sub(long[] r, long[] a, long[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] - b[i];
        }
    }

    static void sub(long[] r, long[] a, long b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] - b;
        }
    }

    static void sub(long[] r, long a, long[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a - b[i];
        }
    }

    static void mul(long[] r, long[] a, long[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] * b[i];
        }
    }

    static void mul(long[] r, long[] a, long b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] * b;
        }
    }

    static void div(long[] r, long[] a, long[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = b[i] == 0 ? 0 : Math.floorDiv(a[i], b[i]);
        }
    }

    static void div(long[] r, long[] a, long b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = b == 0 ? 0 : Math.floorDiv(a[i], b);
        }
    }

    static void div(long[] r, long a, long[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = b[i] == 0 ? 0 : Math.floorDiv(a, b[i]);
        }
    }

    static void max(long[] r, long[] a, long[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = Math.max(a[i], b[i]);
        }
    }

    static void max(long[] r, long[] a, long b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = Math.max(a[i], b);
        }
    }

    static void min(long[] r, long[] a, long[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = Math.min(a[i], b[i]);
        }
    }

    static void min(long[] r, long[] a, long b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = Math.min(a[i], b);
        }
    }

    static void eq(long[] r, long[] a, long[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = (a[i] >= b[i] ? ONE : ZERO) * (a[i] <= b[i] ? ONE : ZERO);
        }
    }

    static void eq(long[] r, long[] a, long b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = (a[i] >= b ? ONE : ZERO) * (a[i] <= b ? ONE : ZERO);
        }
    }

    static void ne(long[] r, long[] a, long[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = 1 - (a[i] >= b[i] ? ONE : ZERO) * (a[i] <= b[i] ? ONE : ZERO);
        }
    }

    static void ne(long[] r, long[] a, long b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = 1 - (a[i] >= b ? ONE : ZERO) * (a[i] <= b ? ONE : ZERO);
        }
    }

    static void lt(long[] r, long[] a, long[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] < b[i] ? 1 : 0;
        }
    }

    static void lt(long[] r, long[] a, long b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] < b ? 1 : 0;
        }
    }

    static void le(long[] r, long[] a, long[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] <= b[i] ? 1 : 0;
        }
    }

    static void le(long[] r, long[] a, long b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] <= b ? 1 : 0;
        }
    }

    static void gt(long[] r, long[] a, long[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] > b[i] ? 1 : 0;
        }
    }

    static void gt(long[] r, long[] a, long b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] > b ? 1 : 0;
        }
    }

    static void ge(long[] r, long[] a, long[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] >= b[i] ? 1 : 0;
        }
    }

    static void ge(long[] r, long[] a, long b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] >= b ? 1 : 0;
        }
    }

    static void neg(long[] r, long[] a, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = -a[i];
        }
    }

    static void abs(long[] r, long[] a, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = Math.abs(a[i]);
        }
    }

    static void sign(long[] r, long[] a, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = Long.signum(a[i]);
        }
    }

    static void not(long[] r, long[] a, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] == 0 ? 1 : 0;
        }
    }

    static void and(long[] r, long[] a, long[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = (a[i] == 0 ? ZERO : ONE) * (b[i] == 0 ? ZERO : ONE);
        }
    }

    static void or(long[] r, long[] a, long[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = 1 - (a[i] == 0 ? ONE : ZERO) * (b[i] == 0 ? ONE : ZERO);
        }
    }

    /** r = a * s + b, each operation rounded. */
    static void addScaled(long[] r, long[] a, long s, long[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] * s + b[i];
        }
    }

    /** r = a * s + b * t, each operation rounded. */
    static void addScaled(long[] r, long[] a, long s, long[] b, long t, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] * s + b[i] * t;
        }
    }

    static void select(long[] r, long[] a, long[] b, long[] c, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] != 0 ? b[i] : c[i];
        }
    }

    static void select(long[] r, long[] a, long b, long[] c, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] != 0 ? b : c[i];
        }
    }

    static void select(long[] r, long[] a, long[] b, long c, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] != 0 ? b[i] : c;
        }
    }

    static void select(long[] r, long[] a, long b, long c, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] != 0 ? b : c;
        }
    }

    /** r = a &gt; 0 ? b : 0. */
    static void positive(long[] r, long[] a, long[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] > 0 ? b[i] : 0;
        }
    }
}
