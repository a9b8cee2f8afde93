package io.kiln.cpu.kernel;

/**
 * The adjugate of a square matrix, singular or not: with P a Q = L U for complete pivoting, adj a = ±Q adj(U) L⁻¹ P.
 * The adjugate of a triangular matrix follows row by row from those of its leading parts, without a division.
 */
final class Adjugate {
    private Adjugate() {}

    /** The transposed adjugate, row by row; overwrites the matrix. */
    static double[] transposed(double[] a, int n) {
        int[] rows = new int[n];
        int[] columns = new int[n];
        double sign = 1;
        for (int k = 0; k < n; k++) {
            int at = k * n + k;
            for (int i = k; i < n; i++) {
                for (int j = k; j < n; j++) {
                    at = Math.abs(a[i * n + j]) > Math.abs(a[at]) ? i * n + j : at;
                }
            }
            rows[k] = at / n;
            columns[k] = at % n;
            sign *= (rows[k] == k ? 1 : -1) * (columns[k] == k ? 1 : -1);
            swapRows(a, n, k, rows[k]);
            swapColumns(a, n, k, columns[k]);
            for (int i = k + 1; i < n && a[k * n + k] != 0; i++) {
                double factor = a[i * n + k] / a[k * n + k];
                a[i * n + k] = factor;
                for (int j = k + 1; j < n; j++) {
                    a[i * n + j] -= factor * a[k * n + j];
                }
            }
        }
        double[] y = upper(a, n, sign);
        // y = adj(U) L⁻¹, from the last column on, because L has ones on its diagonal.
        for (int j = n - 1; j >= 0; j--) {
            for (int p = j + 1; p < n; p++) {
                double factor = a[p * n + j];
                for (int i = 0; i < n; i++) {
                    y[i * n + j] -= y[i * n + p] * factor;
                }
            }
        }
        for (int k = n - 1; k >= 0; k--) {
            swapColumns(y, n, k, rows[k]);
            swapRows(y, n, k, columns[k]);
        }
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < i; j++) {
                double t = y[i * n + j];
                y[i * n + j] = y[j * n + i];
                y[j * n + i] = t;
            }
        }
        return y;
    }

    /** The adjugate of the upper triangle times a factor: adj [U u; 0 d] = [d adj U, −adj(U) u; 0, det U]. */
    private static double[] upper(double[] u, int n, double factor) {
        double[] y = new double[n * n];
        double determinant = factor;
        for (int k = 0; k < n; k++) {
            for (int i = 0; i < k; i++) {
                double sum = 0;
                for (int p = i; p < k; p++) {
                    sum += y[i * n + p] * u[p * n + k];
                }
                for (int j = i; j < k; j++) {
                    y[i * n + j] *= u[k * n + k];
                }
                y[i * n + k] = -sum;
            }
            y[k * n + k] = determinant;
            determinant *= u[k * n + k];
        }
        return y;
    }

    private static void swapRows(double[] a, int n, int i, int k) {
        for (int j = 0; j < n && i != k; j++) {
            double t = a[i * n + j];
            a[i * n + j] = a[k * n + j];
            a[k * n + j] = t;
        }
    }

    private static void swapColumns(double[] a, int n, int i, int k) {
        for (int j = 0; j < n && i != k; j++) {
            double t = a[j * n + i];
            a[j * n + i] = a[j * n + k];
            a[j * n + k] = t;
        }
    }
}
