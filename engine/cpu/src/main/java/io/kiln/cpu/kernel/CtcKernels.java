package io.kiln.cpu.kernel;

import io.kiln.cpu.EngineThreads;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.Operator;
import io.kiln.op.internal.CtcLossGradient;
import io.kiln.op.nn.CtcLoss;

/** The CTC loss and its gradient by the forward and backward variables of Graves et al. (2006), in float64 logarithms. */
final class CtcKernels {
    private static final double NONE = Double.NEGATIVE_INFINITY;

    private final int classes;
    private final int batch;
    private final long blank;
    private final long[] labels;
    private final long[] inputLengths;
    private final long[] labelLengths;
    private final int width;

    private CtcKernels(Spec logits, long blank, NDArray label, NDArray inputLength, NDArray labelLength) {
        Shape x = logits.shape();
        this.batch = Math.toIntExact(x.dim(1));
        this.classes = Math.toIntExact(x.dim(2));
        this.blank = blank;
        this.width = Math.toIntExact(label.shape().dim(1));
        this.labels = label.toLongArray();
        this.inputLengths = lengths("inputLength", inputLength, x.dim(0));
        this.labelLengths = lengths("labelLength", labelLength, width);
        for (int n = 0; n < batch; n++) {
            for (int i = 0; i < labelLengths[n]; i++) {
                long l = labels[n * width + i];
                if (l < 0 || l >= classes || l == blank) {
                    throw new IndexOutOfBoundsException("ctcLoss: labels must be from 0 to " + (classes - 1)
                            + " without the blank " + blank + ", got " + l + " at [" + n + "," + i
                            + "]; give the true lengths if this is padding");
                }
            }
        }
    }

    private static long[] lengths(String name, NDArray lengths, long bound) {
        long[] l = lengths.toLongArray();
        for (long v : l) {
            if (v < 0 || v > bound) {
                throw new IndexOutOfBoundsException("ctcLoss: " + name + " must be from 0 to " + bound + ", got " + v);
            }
        }
        return l;
    }

    static void loss(Operator operator, NDArray[] in, NDArray[] outputs) {
        CtcLoss ctc = (CtcLoss) operator;
        CtcKernels k = new CtcKernels(in[0].spec(), ctc.blank(), in[1], in[2], in[3]);
        try (Scope temporaries = Scope.open()) {
            NDArray x = RealRows.of(in[0]);
            double[] loss = new double[k.batch];
            EngineThreads.parallel().forRange(k.batch, 1, (from, to) -> {
                RealRows rows = new RealRows(x);
                for (int n = (int) from; n < to; n++) {
                    Paths p = k.new Paths(n, rows);
                    double l = 0 - p.total(p.forward());
                    loss[n] = ctc.zeroInfinity() && l == Double.POSITIVE_INFINITY ? 0 : l;
                }
            });
            DoubleMath.INSTANCE.write(loss, outputs[0]);
        }
    }

    static void gradient(Operator operator, NDArray[] in, NDArray[] outputs) {
        CtcKernels k = new CtcKernels(in[1].spec(), ((CtcLossGradient) operator).blank(), in[2], in[3], in[4]);
        try (Scope temporaries = Scope.open()) {
            NDArray x = RealRows.of(in[1]);
            double[] dloss = in[0].toDoubleArray();
            NDArray dx = RealRows.result(outputs[0]);
            dx.fill(0);
            EngineThreads.parallel().forRange(k.batch, 1, (from, to) -> {
                RealRows rows = new RealRows(x);
                RealRows results = new RealRows(dx);
                for (int n = (int) from; n < to; n++) {
                    k.new Paths(n, rows).gradient(dloss[n], results);
                }
            });
            HeapMath.store(dx, outputs[0]);
        }
    }

    private static double logSum(double a, double b) {
        double max = Math.max(a, b);
        return max == NONE ? NONE : max + Math.log1p(Math.exp(Math.min(a, b) - max));
    }

    /** The paths of one sequence: positions 0, 2, 4, … are blanks, with the labels between them. */
    private final class Paths {
        private final int n;
        private final int steps;
        private final int places;
        private final int[] symbol;
        private final double[] logP;

        Paths(int n, RealRows x) {
            this.n = n;
            steps = (int) inputLengths[n];
            places = 2 * (int) labelLengths[n] + 1;
            symbol = new int[places];
            for (int s = 0; s < places; s++) {
                symbol[s] = (int) (s % 2 == 0 ? blank : labels[n * width + s / 2]);
            }
            logP = new double[steps * classes];
            for (int t = 0; t < steps; t++) {
                x.get(((long) t * batch + n) * classes, logP, t * classes, classes);
                normalise(t * classes);
            }
        }

        private void normalise(int at) {
            double max = NONE;
            for (int c = 0; c < classes; c++) {
                max = Math.max(max, logP[at + c]);
            }
            double sum = 0;
            for (int c = 0; c < classes; c++) {
                sum += Math.exp(logP[at + c] - max);
            }
            double shift = max + Math.log(sum);
            for (int c = 0; c < classes; c++) {
                logP[at + c] -= shift;
            }
        }

        private double at(int t, int s) {
            return logP[t * classes + symbol[s]];
        }

        /** Whether a path may go from position s - 2 to position s. */
        private boolean skips(int s) {
            return s >= 2 && s % 2 == 1 && symbol[s] != symbol[s - 2];
        }

        /** Log probability of being at position s at time t, over all starts of paths. */
        double[] forward() {
            double[] a = new double[steps * places];
            for (int t = 0; t < steps; t++) {
                for (int s = 0; s < places; s++) {
                    double sum = t == 0 ? s < 2 ? 0 : NONE : a[(t - 1) * places + s];
                    if (t > 0 && s > 0) {
                        sum = logSum(sum, a[(t - 1) * places + s - 1]);
                    }
                    if (t > 0 && skips(s)) {
                        sum = logSum(sum, a[(t - 1) * places + s - 2]);
                    }
                    a[t * places + s] = sum + at(t, s);
                }
            }
            return a;
        }

        /** Log probability of all ends of paths from position s at time t on, excluding time t itself. */
        private double[] backward() {
            double[] b = new double[steps * places];
            for (int t = steps - 1; t >= 0; t--) {
                for (int s = places - 1; s >= 0; s--) {
                    double sum = t == steps - 1 ? s >= places - 2 ? 0 : NONE : b[(t + 1) * places + s] + at(t + 1, s);
                    if (t < steps - 1 && s + 1 < places) {
                        sum = logSum(sum, b[(t + 1) * places + s + 1] + at(t + 1, s + 1));
                    }
                    if (t < steps - 1 && s + 2 < places && skips(s + 2)) {
                        sum = logSum(sum, b[(t + 1) * places + s + 2] + at(t + 1, s + 2));
                    }
                    b[t * places + s] = sum;
                }
            }
            return b;
        }

        double total(double[] forward) {
            if (steps == 0) {
                return places == 1 ? 0 : NONE;
            }
            double last = forward[steps * places - 1];
            return places == 1 ? last : logSum(last, forward[steps * places - 2]);
        }

        void gradient(double dloss, RealRows to) {
            double[] a = forward();
            double total = total(a);
            if (total == NONE || steps == 0) {
                return;
            }
            double[] b = backward();
            double[] g = new double[classes];
            for (int t = 0; t < steps; t++) {
                for (int c = 0; c < classes; c++) {
                    g[c] = dloss * Math.exp(logP[t * classes + c]);
                }
                for (int s = 0; s < places; s++) {
                    g[symbol[s]] -= dloss * Math.exp(a[t * places + s] + b[t * places + s] - total);
                }
                to.put(g, 0, ((long) t * batch + n) * classes, classes);
            }
        }
    }
}
