package io.kiln.cpu.kernel;

import io.kiln.cpu.EngineThreads;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.op.Operator;
import io.kiln.op.linalg.TriangularSolve;
import io.kiln.op.shape.BroadcastTo;
import java.util.Arrays;
import java.util.stream.IntStream;

/** Factorisations, inverses and determinants of small matrices, each on one thread, in float64. */
final class MatrixKernels {
    private MatrixKernels() {}

    /** The work on one matrix, whose elements are read or overwritten at an offset. */
    private interface Body {
        void run(int matrix);
    }

    private static void each(Shape x, Body body) {
        long one = Math.max(1, x.dim(-1) * x.dim(-2));
        long work = Math.max(1, one * Math.min(x.dim(-1), x.dim(-2)));
        long count = x.rank() == 2 ? 1 : x.without(-1).without(-1).size();
        EngineThreads.parallel().forRange(count, Math.max(1, 8192 / work), (from, to) -> {
            for (int i = (int) from; i < to; i++) {
                body.run(i);
            }
        });
    }

    private static void write(NDArray[] outputs, double[]... values) {
        for (int i = 0; i < outputs.length; i++) {
            DoubleMath.INSTANCE.write(values[i], outputs[i]);
        }
    }

    private static ArithmeticException singular(String operation, int matrix) {
        return new ArithmeticException(operation + ": matrix " + matrix
                + " of a is singular; add a multiple of the unit matrix," + " or use svd");
    }

    private static double[] part(double[] all, int matrix, int size) {
        return Arrays.copyOfRange(all, matrix * size, (matrix + 1) * size);
    }

    static void cholesky(Operator operator, NDArray[] in, NDArray[] outputs) {
        Shape s = in[0].shape();
        int n = Math.toIntExact(s.dim(-1));
        double[] a = in[0].toDoubleArray();
        double[] l = new double[a.length];
        each(s, m -> {
            int at = m * n * n;
            for (int i = 0; i < n; i++) {
                for (int j = 0; j <= i; j++) {
                    double sum = (a[at + i * n + j] + a[at + j * n + i]) / 2;
                    for (int k = 0; k < j; k++) {
                        sum -= l[at + i * n + k] * l[at + j * n + k];
                    }
                    if (i == j && sum <= 0) {
                        throw new ArithmeticException("cholesky: matrix " + m
                                + " of a is not positive definite; add a multiple of the unit matrix");
                    }
                    l[at + i * n + j] = i == j ? Math.sqrt(sum) : sum / l[at + j * n + j];
                }
            }
        });
        write(outputs, l);
    }

    /** An operand as the matrices of a batch. */
    private static double[] spread(NDArray x, Shape batch) {
        Shape full = batch.insert(-1, x.shape().dim(-2)).insert(-1, x.shape().dim(-1));
        NDArray all = x.shape().equals(full) ? x : x.view(full, BroadcastTo.strides(x.layout(), full), 0);
        return all.toDoubleArray();
    }

    static void triangularSolve(Operator operator, NDArray[] in, NDArray[] outputs) {
        TriangularSolve op = (TriangularSolve) operator;
        Shape y = outputs[0].shape();
        int n = Math.toIntExact(y.dim(-2));
        int k = Math.toIntExact(y.dim(-1));
        try (Scope temporaries = Scope.open()) {
            double[] a = spread(in[0], y.without(-1).without(-1));
            double[] x = spread(in[1], y.without(-1).without(-1));
            boolean forward = op.lower() != op.transposed();
            each(y, m -> {
                for (int step = 0; step < n; step++) {
                    int i = forward ? step : n - 1 - step;
                    for (int s = 0; s < step; s++) {
                        int p = forward ? s : n - 1 - s;
                        double factor = a[m * n * n + (op.transposed() ? p * n + i : i * n + p)];
                        for (int j = 0; j < k; j++) {
                            x[(m * n + i) * k + j] -= factor * x[(m * n + p) * k + j];
                        }
                    }
                    for (int j = 0; j < k; j++) {
                        x[(m * n + i) * k + j] /= a[m * n * n + i * n + i];
                    }
                }
            });
            write(outputs, x);
        }
    }

    static void inverse(Operator operator, NDArray[] in, NDArray[] outputs) {
        int n = Math.toIntExact(in[0].shape().dim(-1));
        double[] a = in[0].toDoubleArray();
        double[] y = new double[a.length];
        each(in[0].shape(), m -> {
            LuFactors lu = new LuFactors(part(a, m, n * n), n);
            if (lu.isSingular()) {
                throw singular("inverse", m);
            }
            double[] unit = JacobiRotations.unit(n);
            lu.solve(unit, n);
            System.arraycopy(unit, 0, y, m * n * n, n * n);
        });
        write(outputs, y);
    }

    static void solve(Operator operator, NDArray[] in, NDArray[] outputs) {
        Shape y = outputs[0].shape();
        int n = Math.toIntExact(y.dim(-2));
        int k = Math.toIntExact(y.dim(-1));
        try (Scope temporaries = Scope.open()) {
            double[] a = spread(in[0], y.without(-1).without(-1));
            double[] b = spread(in[1], y.without(-1).without(-1));
            each(y, m -> {
                LuFactors lu = new LuFactors(part(a, m, n * n), n);
                if (lu.isSingular()) {
                    throw singular("solve", m);
                }
                double[] x = part(b, m, n * k);
                lu.solve(x, k);
                System.arraycopy(x, 0, b, m * n * k, n * k);
            });
            write(outputs, b);
        }
    }

    static void determinant(Operator operator, NDArray[] in, NDArray[] outputs) {
        int n = Math.toIntExact(in[0].shape().dim(-1));
        double[] a = in[0].toDoubleArray();
        double[] d = new double[Math.toIntExact(outputs[0].shape().size())];
        each(in[0].shape(), m -> d[m] = new LuFactors(part(a, m, n * n), n).determinant());
        write(outputs, d);
    }

    static void cofactors(Operator operator, NDArray[] in, NDArray[] outputs) {
        int n = Math.toIntExact(in[0].shape().dim(-1));
        double[] a = in[0].toDoubleArray();
        double[] y = new double[a.length];
        each(in[0].shape(), m -> System.arraycopy(Adjugate.transposed(part(a, m, n * n), n), 0, y, m * n * n, n * n));
        write(outputs, y);
    }

    static void logDeterminant(Operator operator, NDArray[] in, NDArray[] outputs) {
        int n = Math.toIntExact(in[0].shape().dim(-1));
        double[] a = in[0].toDoubleArray();
        double[] log = new double[Math.toIntExact(outputs[0].shape().size())];
        double[] sign = new double[log.length];
        each(in[0].shape(), m -> {
            LuFactors lu = new LuFactors(part(a, m, n * n), n);
            log[m] = lu.logMagnitude();
            sign[m] = lu.sign();
        });
        write(outputs, log, sign);
    }

    static void qr(Operator operator, NDArray[] in, NDArray[] outputs) {
        int rows = Math.toIntExact(in[0].shape().dim(-2));
        int columns = Math.toIntExact(in[0].shape().dim(-1));
        int k = Math.min(rows, columns);
        double[] a = in[0].toDoubleArray();
        double[] q = new double[Math.toIntExact(outputs[0].shape().size())];
        double[] r = new double[Math.toIntExact(outputs[1].shape().size())];
        each(in[0].shape(), m -> {
            double[] x = part(a, m, rows * columns);
            double[] unit = new double[rows * k];
            for (int i = 0; i < k; i++) {
                unit[i * k + i] = 1;
            }
            double[][] reflections = new double[k][];
            for (int j = 0; j < k; j++) {
                reflections[j] = reflection(x, j, rows, columns);
                reflect(reflections[j], x, j, rows, columns);
            }
            for (int j = k - 1; j >= 0; j--) {
                reflect(reflections[j], unit, j, rows, k);
            }
            System.arraycopy(unit, 0, q, m * rows * k, rows * k);
            for (int i = 0; i < k; i++) {
                System.arraycopy(x, i * columns + i, r, (m * k + i) * columns + i, columns - i);
            }
        });
        write(outputs, q, r);
    }

    /** The vector whose reflection clears column j below the diagonal; null if it is already clear. */
    private static double[] reflection(double[] x, int j, int rows, int columns) {
        double below = 0;
        for (int i = j + 1; i < rows; i++) {
            below += x[i * columns + j] * x[i * columns + j];
        }
        if (below == 0) {
            return null;
        }
        double head = x[j * columns + j];
        double[] v = new double[rows];
        v[j] = head + Math.copySign(Math.sqrt(head * head + below), head);
        double norm = Math.sqrt(v[j] * v[j] + below);
        v[j] /= norm;
        for (int i = j + 1; i < rows; i++) {
            v[i] = x[i * columns + j] / norm;
        }
        return v;
    }

    /** Reflects all columns: x - 2 v (vᵀ x). */
    private static void reflect(double[] v, double[] x, int first, int rows, int columns) {
        for (int c = 0; v != null && c < columns; c++) {
            double share = 0;
            for (int i = first; i < rows; i++) {
                share += v[i] * x[i * columns + c];
            }
            for (int i = first; i < rows; i++) {
                x[i * columns + c] -= 2 * share * v[i];
            }
        }
    }

    static void svd(Operator operator, NDArray[] in, NDArray[] outputs) {
        int rows = Math.toIntExact(in[0].shape().dim(-2));
        int columns = Math.toIntExact(in[0].shape().dim(-1));
        boolean wide = columns > rows;
        int n = Math.min(rows, columns);
        int m = Math.max(rows, columns);
        double[] a = in[0].toDoubleArray();
        double[] u = new double[Math.toIntExact(outputs[0].shape().size())];
        double[] s = new double[Math.toIntExact(outputs[1].shape().size())];
        double[] vt = new double[Math.toIntExact(outputs[2].shape().size())];
        each(in[0].shape(), matrix -> {
            double[] w = new double[n * m];
            for (int i = 0; i < rows; i++) {
                for (int j = 0; j < columns; j++) {
                    w[wide ? i * m + j : j * m + i] = a[(matrix * rows + i) * columns + j];
                }
            }
            double[] v = JacobiRotations.unit(n);
            JacobiRotations.orthogonalise(w, v, n, m);
            double[] norms = norms(w, n, m);
            int[] order = order(norms, true);
            double[] left = new double[n * m];
            double[] right = new double[n * n];
            for (int k = 0; k < n; k++) {
                double norm = norms[order[k]];
                s[matrix * n + k] = norm;
                System.arraycopy(v, order[k] * n, right, k * n, n);
                for (int i = 0; i < m; i++) {
                    left[k * m + i] = norm == 0 ? 0 : w[order[k] * m + i] / norm;
                }
                if (norm == 0) {
                    JacobiRotations.complete(left, k, m);
                }
            }
            store(wide ? right : left, wide ? left : right, n, rows, columns, matrix, u, vt);
        });
        write(outputs, u, s, vt);
    }

    /** Stores the vectors, given as rows, with the documented signs. */
    private static void store(
            double[] left, double[] right, int n, int rows, int columns, int matrix, double[] u, double[] vt) {
        for (int k = 0; k < n; k++) {
            double sign = sign(left, k * rows, rows);
            for (int i = 0; i < rows; i++) {
                u[(matrix * rows + i) * n + k] = sign * left[k * rows + i];
            }
            for (int j = 0; j < columns; j++) {
                vt[(matrix * n + k) * columns + j] = sign * right[k * columns + j];
            }
        }
    }

    private static double sign(double[] x, int at, int n) {
        int largest = at;
        for (int i = at + 1; i < at + n; i++) {
            largest = Math.abs(x[i]) > Math.abs(x[largest]) ? i : largest;
        }
        return x[largest] < 0 ? -1 : 1;
    }

    private static double[] norms(double[] w, int n, int m) {
        double[] norms = new double[n];
        for (int k = 0; k < n; k++) {
            double sum = 0;
            for (int i = 0; i < m; i++) {
                sum += w[k * m + i] * w[k * m + i];
            }
            norms[k] = Math.sqrt(sum);
        }
        return norms;
    }

    private static int[] order(double[] values, boolean falling) {
        return IntStream.range(0, values.length)
                .boxed()
                .sorted((i, j) -> falling ? Double.compare(values[j], values[i]) : Double.compare(values[i], values[j]))
                .mapToInt(Integer::intValue)
                .toArray();
    }

    static void symmetricEigen(Operator operator, NDArray[] in, NDArray[] outputs) {
        int n = Math.toIntExact(in[0].shape().dim(-1));
        double[] a = in[0].toDoubleArray();
        double[] l = new double[Math.toIntExact(outputs[0].shape().size())];
        double[] vectors = new double[a.length];
        each(in[0].shape(), m -> {
            double[] x = new double[n * n];
            for (int i = 0; i < n; i++) {
                for (int j = 0; j < n; j++) {
                    x[i * n + j] = (a[m * n * n + i * n + j] + a[m * n * n + j * n + i]) / 2;
                }
            }
            double[] v = JacobiRotations.unit(n);
            JacobiRotations.diagonalise(x, v, n);
            double[] values = new double[n];
            for (int i = 0; i < n; i++) {
                values[i] = x[i * n + i];
            }
            int[] order = order(values, false);
            for (int k = 0; k < n; k++) {
                l[m * n + k] = values[order[k]];
                double sign = sign(v, order[k] * n, n);
                for (int i = 0; i < n; i++) {
                    vectors[(m * n + i) * n + k] = sign * v[order[k] * n + i];
                }
            }
        });
        write(outputs, l, vectors);
    }
}
