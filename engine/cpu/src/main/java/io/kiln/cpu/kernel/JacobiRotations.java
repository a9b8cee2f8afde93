package io.kiln.cpu.kernel;

/** Singular values and eigenvectors by rotations of pairs of columns (Jacobi), in float64. */
final class JacobiRotations {
    private static final int SWEEPS = 60;
    private static final double SMALL = 1e-15;

    private JacobiRotations() {}

    /**
     * Makes the columns of w[n,m], given as rows, orthogonal by rotations, which v[n,n] records in its rows.
     *
     * @param w n columns of length m, one after the other; overwritten by the left vectors times the singular values
     * @param v a unit matrix; overwritten by the right vectors, one after the other
     */
    static void orthogonalise(double[] w, double[] v, int n, int m) {
        boolean turned = true;
        for (int sweep = 0; turned && sweep < SWEEPS; sweep++) {
            turned = false;
            for (int p = 0; p < n; p++) {
                for (int q = p + 1; q < n; q++) {
                    double a = dot(w, p, p, m);
                    double b = dot(w, q, q, m);
                    double c = dot(w, p, q, m);
                    if (Math.abs(c) > SMALL * Math.sqrt(a * b)) {
                        turned = true;
                        double zeta = (b - a) / (2 * c);
                        double t = Math.copySign(1, zeta) / (Math.abs(zeta) + Math.sqrt(1 + zeta * zeta));
                        double cos = 1 / Math.sqrt(1 + t * t);
                        rotate(w, p, q, m, cos, cos * t);
                        rotate(v, p, q, n, cos, cos * t);
                    }
                }
            }
        }
    }

    private static double dot(double[] w, int p, int q, int m) {
        double sum = 0;
        for (int i = 0; i < m; i++) {
            sum += w[p * m + i] * w[q * m + i];
        }
        return sum;
    }

    private static void rotate(double[] w, int p, int q, int m, double cos, double sin) {
        for (int i = 0; i < m; i++) {
            double x = w[p * m + i];
            double y = w[q * m + i];
            w[p * m + i] = cos * x - sin * y;
            w[q * m + i] = sin * x + cos * y;
        }
    }

    /**
     * Diagonalises a symmetric matrix: a becomes diagonal, and the rows of v the eigenvectors.
     *
     * @param a the matrix [n,n]; overwritten
     * @param v a unit matrix; overwritten
     */
    static void diagonalise(double[] a, double[] v, int n) {
        for (int sweep = 0; sweep < SWEEPS && outside(a, n) > 0; sweep++) {
            for (int p = 0; p < n; p++) {
                for (int q = p + 1; q < n; q++) {
                    double c = a[p * n + q];
                    if (Math.abs(c) <= 1e-17 * (Math.abs(a[p * n + p]) + Math.abs(a[q * n + q]))) {
                        a[p * n + q] = 0;
                        a[q * n + p] = 0;
                        continue;
                    }
                    double zeta = (a[q * n + q] - a[p * n + p]) / (2 * c);
                    double t = Math.copySign(1, zeta) / (Math.abs(zeta) + Math.sqrt(1 + zeta * zeta));
                    double cos = 1 / Math.sqrt(1 + t * t);
                    rotate(a, p, q, n, cos, cos * t);
                    columns(a, p, q, n, cos, cos * t);
                    rotate(v, p, q, n, cos, cos * t);
                }
            }
        }
    }

    private static void columns(double[] a, int p, int q, int n, double cos, double sin) {
        for (int i = 0; i < n; i++) {
            double x = a[i * n + p];
            double y = a[i * n + q];
            a[i * n + p] = cos * x - sin * y;
            a[i * n + q] = sin * x + cos * y;
        }
    }

    private static double outside(double[] a, int n) {
        double sum = 0;
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) {
                sum += i == j ? 0 : Math.abs(a[i * n + j]);
            }
        }
        return sum;
    }

    /** An identity matrix. */
    static double[] unit(int n) {
        double[] u = new double[n * n];
        for (int i = 0; i < n; i++) {
            u[i * n + i] = 1;
        }
        return u;
    }

    /** Replaces a zero row after orthonormal ones by a unit vector that is orthogonal to all rows before it. */
    static void complete(double[] rows, int at, int m) {
        for (int start = 0; start < m; start++) {
            double[] e = new double[m];
            e[start] = 1;
            for (int pass = 0; pass < 2; pass++) {
                for (int r = 0; r < at; r++) {
                    double share = 0;
                    for (int i = 0; i < m; i++) {
                        share += e[i] * rows[r * m + i];
                    }
                    for (int i = 0; i < m; i++) {
                        e[i] -= share * rows[r * m + i];
                    }
                }
            }
            double norm = 0;
            for (double x : e) {
                norm += x * x;
            }
            if (norm > 1e-4) {
                for (int i = 0; i < m; i++) {
                    rows[at * m + i] = e[i] / Math.sqrt(norm);
                }
                return;
            }
        }
    }
}
