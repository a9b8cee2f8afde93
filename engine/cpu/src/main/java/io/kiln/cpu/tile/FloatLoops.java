package io.kiln.cpu.tile;

/** Arithmetic over float tiles: one plain loop each, which HotSpot turns into vector instructions. */
final class FloatLoops {
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
            r[i] = a[i] == b[i] ? 1 : 0;
        }
    }

    static void eq(float[] r, float[] a, float b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] == b ? 1 : 0;
        }
    }

    static void ne(float[] r, float[] a, float[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] != b[i] ? 1 : 0;
        }
    }

    static void ne(float[] r, float[] a, float b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] != b ? 1 : 0;
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
            r[i] = a[i] == 0 ? 1 : 0;
        }
    }

    static void select(float[] r, float[] a, float[] b, float[] c, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] != 0 ? b[i] : c[i];
        }
    }

    static void select(float[] r, float[] a, float b, float[] c, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] != 0 ? b : c[i];
        }
    }

    static void select(float[] r, float[] a, float[] b, float c, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] != 0 ? b[i] : c;
        }
    }

    static void select(float[] r, float[] a, float b, float c, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = a[i] != 0 ? b : c;
        }
    }
}
