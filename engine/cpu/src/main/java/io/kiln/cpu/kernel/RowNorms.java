package io.kiln.cpu.kernel;

import io.kiln.cpu.EngineThreads;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.op.Operator;
import io.kiln.op.internal.GroupNormGradient;
import io.kiln.op.nn.GroupNormOp;
import io.kiln.op.nn.RmsNormOp;

/** Normalisation by the root mean square and over groups of channels, row by row or group by group, in float64. */
final class RowNorms {
    private static final int GRAIN = 1 << 13;

    private RowNorms() {}

    static void rms(Operator operator, NDArray[] in, NDArray[] outputs) {
        double epsilon = ((RmsNormOp) operator).epsilon();
        int n = Math.toIntExact(in[0].shape().dim(-1));
        long count = n == 0 ? 0 : in[0].size() / n;
        try (Scope temporaries = Scope.open()) {
            NDArray x = RealRows.of(in[0]);
            NDArray y = RealRows.result(outputs[0]);
            double[] gamma = in[1].toDoubleArray();
            EngineThreads.parallel().forRange(count, Math.max(1, GRAIN / Math.max(1, n)), (from, to) -> {
                RealRows source = new RealRows(x);
                RealRows target = new RealRows(y);
                double[] row = new double[n];
                for (long r = from; r < to; r++) {
                    source.get(r * n, row, 0, n);
                    double sum = 0;
                    for (int i = 0; i < n; i++) {
                        sum += row[i] * row[i];
                    }
                    double inverse = 1 / Math.sqrt(sum / n + epsilon);
                    for (int i = 0; i < n; i++) {
                        row[i] *= inverse * gamma[i];
                    }
                    target.put(row, 0, r * n, n);
                }
            });
            HeapMath.store(y, outputs[0]);
        }
    }

    /** Divides an array [N,C,…] into rows, each with the channels of one group of one sample. */
    private record Groups(int channels, int perGroup, int places, int length, long rows) {
        static Groups of(Shape x, long groups) {
            int channels = Math.toIntExact(x.dim(1));
            int perGroup = Math.toIntExact(channels / groups);
            long rows = x.dim(0) * groups;
            int places = Math.toIntExact(x.size() / Math.max(1, x.dim(0) * channels));
            return new Groups(channels, perGroup, places, Math.multiplyExact(perGroup, places), rows);
        }

        /** The first channel of a row. */
        int channel(long row) {
            return (int) (row * perGroup % channels);
        }

        long grain() {
            return Math.max(1, GRAIN / Math.max(1, length));
        }
    }

    /** Overwrites a row by (x - mean)/√(variance + ε); returns that factor. */
    private static double normalise(double[] row, double epsilon) {
        double sum = 0;
        for (double v : row) {
            sum += v;
        }
        double mean = sum / row.length;
        double squares = 0;
        for (int i = 0; i < row.length; i++) {
            row[i] -= mean;
            squares += row[i] * row[i];
        }
        double inverse = 1 / Math.sqrt(squares / row.length + epsilon);
        for (int i = 0; i < row.length; i++) {
            row[i] *= inverse;
        }
        return inverse;
    }

    static void group(Operator operator, NDArray[] in, NDArray[] outputs) {
        GroupNormOp op = (GroupNormOp) operator;
        Groups g = Groups.of(in[0].shape(), op.groups());
        try (Scope temporaries = Scope.open()) {
            NDArray x = RealRows.of(in[0]);
            NDArray y = RealRows.result(outputs[0]);
            double[] gamma = in[1].toDoubleArray();
            double[] beta = in[2].toDoubleArray();
            EngineThreads.parallel().forRange(g.rows, g.grain(), (from, to) -> {
                RealRows source = new RealRows(x);
                RealRows target = new RealRows(y);
                double[] row = new double[g.length];
                for (long r = from; r < to; r++) {
                    source.get(r * g.length, row, 0, g.length);
                    normalise(row, op.epsilon());
                    for (int k = 0; k < g.perGroup; k++) {
                        int c = g.channel(r) + k;
                        for (int i = k * g.places; i < (k + 1) * g.places; i++) {
                            row[i] = row[i] * gamma[c] + beta[c];
                        }
                    }
                    target.put(row, 0, r * g.length, g.length);
                }
            });
            HeapMath.store(y, outputs[0]);
        }
    }

    static void groupGradient(Operator operator, NDArray[] in, NDArray[] outputs) {
        GroupNormGradient op = (GroupNormGradient) operator;
        Groups g = Groups.of(in[1].shape(), op.groups());
        int samples = Math.toIntExact(in[1].shape().dim(0));
        double[][] sums = new double[2][Math.multiplyExact(samples, g.channels)];
        try (Scope temporaries = Scope.open()) {
            NDArray dy = RealRows.of(in[0]);
            NDArray x = RealRows.of(in[1]);
            NDArray dx = RealRows.result(outputs[0]);
            double[] gamma = in[2].toDoubleArray();
            EngineThreads.parallel().forRange(g.rows, g.grain(), (from, to) -> {
                RealRows gradients = new RealRows(dy);
                RealRows source = new RealRows(x);
                RealRows target = new RealRows(dx);
                double[] row = new double[g.length];
                double[] d = new double[g.length];
                for (long r = from; r < to; r++) {
                    source.get(r * g.length, row, 0, g.length);
                    gradients.get(r * g.length, d, 0, g.length);
                    double inverse = normalise(row, op.epsilon());
                    backward(g, r, row, d, inverse, gamma, sums);
                    target.put(d, 0, r * g.length, g.length);
                }
            });
            HeapMath.store(dx, outputs[0]);
            DoubleMath.INSTANCE.write(total(sums[0], g.channels), outputs[1]);
            DoubleMath.INSTANCE.write(total(sums[1], g.channels), outputs[2]);
        }
    }

    /** Overwrites dy of a row with dx, and stores the row's contributions to dgamma and dbeta by sample and channel. */
    private static void backward(
            Groups g, long row, double[] normal, double[] d, double inverse, double[] gamma, double[][] sums) {
        double mean = 0;
        double slope = 0;
        for (int k = 0; k < g.perGroup; k++) {
            int c = g.channel(row) + k;
            double dgamma = 0;
            double dbeta = 0;
            for (int i = k * g.places; i < (k + 1) * g.places; i++) {
                dgamma += d[i] * normal[i];
                dbeta += d[i];
                d[i] *= gamma[c];
            }
            int at = (int) (row * g.perGroup / g.channels * g.channels) + c;
            sums[0][at] = dgamma;
            sums[1][at] = dbeta;
            mean += dbeta * gamma[c];
            slope += dgamma * gamma[c];
        }
        mean /= g.length;
        slope /= g.length;
        for (int i = 0; i < g.length; i++) {
            d[i] = inverse * (d[i] - mean - normal[i] * slope);
        }
    }

    /** Sums over the samples, in order. */
    private static double[] total(double[] bySample, int channels) {
        double[] sum = new double[channels];
        for (int i = 0; i < bySample.length; i++) {
            sum[i % channels] += bySample[i];
        }
        return sum;
    }
}
