package io.kiln.cpu.kernel;

/** The LU factors of a square matrix with partial pivoting, and what can be computed from them. */
final class LuFactors {
    private final int n;
    private final double[] a;
    private final int[] row;
    private int exchanges;

    /**
     * Factorises a matrix.
     *
     * @param matrix its elements, row by row; overwritten
     * @param n rows
     */
    LuFactors(double[] matrix, int n) {
        this.n = n;
        this.a = matrix;
        this.row = new int[n];
        for (int k = 0; k < n; k++) {
            int pivot = k;
            for (int i = k + 1; i < n; i++) {
                pivot = Math.abs(a[i * n + k]) > Math.abs(a[pivot * n + k]) ? i : pivot;
            }
            row[k] = pivot;
            if (pivot != k) {
                exchanges++;
                swap(k, pivot);
            }
            for (int i = k + 1; i < n && a[k * n + k] != 0; i++) {
                double factor = a[i * n + k] / a[k * n + k];
                a[i * n + k] = factor;
                for (int j = k + 1; j < n; j++) {
                    a[i * n + j] -= factor * a[k * n + j];
                }
            }
        }
    }

    private void swap(int i, int k) {
        for (int j = 0; j < n; j++) {
            double t = a[i * n + j];
            a[i * n + j] = a[k * n + j];
            a[k * n + j] = t;
        }
    }

    boolean isSingular() {
        for (int i = 0; i < n; i++) {
            if (a[i * n + i] == 0) {
                return true;
            }
        }
        return false;
    }

    double determinant() {
        double d = exchanges % 2 == 0 ? 1 : -1;
        for (int i = 0; i < n; i++) {
            d *= a[i * n + i];
        }
        return d;
    }

    double sign() {
        double s = exchanges % 2 == 0 ? 1 : -1;
        for (int i = 0; i < n; i++) {
            s *= Math.signum(a[i * n + i]);
        }
        return s;
    }

    double logMagnitude() {
        double sum = 0;
        for (int i = 0; i < n; i++) {
            sum += Math.log(Math.abs(a[i * n + i]));
        }
        return sum;
    }

    /** Overwrites b[n,k] with the solution. */
    void solve(double[] b, int k) {
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < k && row[i] != i; j++) {
                double t = b[i * k + j];
                b[i * k + j] = b[row[i] * k + j];
                b[row[i] * k + j] = t;
            }
        }
        for (int i = 0; i < n; i++) {
            for (int p = 0; p < i; p++) {
                subtract(b, i, p, a[i * n + p], k);
            }
        }
        for (int i = n - 1; i >= 0; i--) {
            for (int p = i + 1; p < n; p++) {
                subtract(b, i, p, a[i * n + p], k);
            }
            for (int j = 0; j < k; j++) {
                b[i * k + j] /= a[i * n + i];
            }
        }
    }

    private static void subtract(double[] b, int i, int p, double factor, int k) {
        for (int j = 0; j < k; j++) {
            b[i * k + j] -= factor * b[p * k + j];
        }
    }
}
