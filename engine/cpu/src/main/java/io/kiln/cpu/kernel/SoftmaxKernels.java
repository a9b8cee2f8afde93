package io.kiln.cpu.kernel;

import io.kiln.backend.KernelPlan;
import io.kiln.cpu.EngineThreads;
import io.kiln.cpu.Fallback;
import io.kiln.cpu.onednn.CpuContext;
import io.kiln.cpu.onednn.Softmax;
import io.kiln.cpu.onednn.Tensor;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.IndexRangeException;
import io.kiln.ndarray.Layout;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Spec;
import io.kiln.ndarray.internal.Memory;
import io.kiln.op.Operator;
import io.kiln.op.activation.LogSoftmax;

/** Softmax and its logarithm by oneDNN; for float32 also cross-entropy from logits on top of it. */
final class SoftmaxKernels {

    private static final long GRAIN = 8192;

    /** The smallest probability that still has full precision. */
    private static final float LEAST = 1e-30f;

    private SoftmaxKernels() {}

    static KernelPlan softmax(Operator operator, Layout[] inputs, Spec[] outputs, Fallback fallback) {
        return plan(operator, false, ((io.kiln.op.activation.Softmax) operator).axis(), inputs[0], fallback);
    }

    static KernelPlan logSoftmax(Operator operator, Layout[] inputs, Spec[] outputs, Fallback fallback) {
        return plan(operator, true, ((LogSoftmax) operator).axis(), inputs[0], fallback);
    }

    private static KernelPlan plan(Operator operator, boolean log, int axis, Layout x, Fallback fallback) {
        if (!Operands.served(x.dtype()) || Operands.isEmpty(x)) {
            return null;
        }
        int place = x.shape().axis(axis);
        long[][] strides = x.isDense() ? new long[][] {x.strides()} : null;
        return fallback.calls(operator, strides, (in, out, workspace) -> {
            try (Scope copies = Scope.open()) {
                return forward(log, place, Operands.read(in[0]), out[0]);
            }
        });
    }

    /** Like oneDNN's, but a line with a NaN, with +∞ or of nothing but -∞ becomes all NaN. */
    static boolean forward(boolean log, int axis, Tensor x, NDArray y) {
        if (!Softmax.forward(log, axis, x, Operands.of(y))) {
            return false;
        }
        if (CpuContext.tookInvalid()) {
            Specials.spreadNaN(y, axis);
        }
        return true;
    }

    /**
     * Overwrites the gradient dy of the softmax y of rows by a multiple of the gradient of its source, {@code f y (dy - Σ y dy)}. (oneDNN
     * has this as generated code with AVX-512 only.)
     *
     * @param factor the multiple f
     * @param y row-major results of float32
     * @param dy their gradient, row-major
     */
    static void backward(float factor, NDArray y, NDArray dy) {
        int n = Math.toIntExact(y.shape().dim(-1));
        EngineThreads.parallel().forRange(y.size() / n, Math.max(1, GRAIN / n), (from, to) -> {
            float[] result = HeapScratch.floats(0, n);
            float[] gradient = HeapScratch.floats(1, n);
            for (long r = from; r < to; r++) {
                Memory.get(y.address() + 4 * r * n, result, 0, n);
                Memory.get(dy.address() + 4 * r * n, gradient, 0, n);
                float mean = dot(result, gradient, n);
                for (int i = 0; i < n; i++) {
                    gradient[i] = factor * (result[i] * (gradient[i] - mean));
                }
                Memory.put(gradient, 0, dy.address() + 4 * r * n, n);
            }
        });
    }

    /** The sum of products, in four sums that the processor computes in parallel. */
    private static float dot(float[] a, float[] b, int n) {
        float s0 = 0;
        float s1 = 0;
        float s2 = 0;
        float s3 = 0;
        int i = 0;
        for (; i + 3 < n; i += 4) {
            s0 += a[i] * b[i];
            s1 += a[i + 1] * b[i + 1];
            s2 += a[i + 2] * b[i + 2];
            s3 += a[i + 3] * b[i + 3];
        }
        for (; i < n; i++) {
            s0 += a[i] * b[i];
        }
        return (s0 + s1) + (s2 + s3);
    }

    /**
     * The probabilities come from oneDNN; a row's loss is {@code -ln p[label]}. If that probability is too small, the
     * loss is {@code ln Σ exp x - x[label]}, where the logarithm of the sum is computed from the row's largest element
     * m, whose probability is at least 1/K: {@code x[m] - ln p[m]}.
     */
    static KernelPlan crossEntropy(Operator operator, Layout[] inputs, Spec[] outputs, Fallback fallback) {
        return declines(inputs[0])
                ? null
                : fallback.attempt(operator, null, (in, out, workspace) -> crossEntropy(in[0], in[1], out[0], out[1]));
    }

    private static boolean crossEntropy(NDArray x, NDArray label, NDArray loss, NDArray p) {
        try (Scope copies = Scope.open()) {
            NDArray logits = x.isContiguous() ? x : Operands.copy(x);
            int last = x.shape().rank() - 1;
            if (!forward(false, last, Operands.of(logits), p)) {
                return false;
            }
            int classes = Math.toIntExact(x.shape().dim(-1));
            int[] labels = labels(label, classes);
            EngineThreads.parallel().forRange(label.size(), Math.max(1, GRAIN / classes), (from, to) -> {
                float[] row = HeapScratch.floats(0, classes);
                for (int i = (int) from; i < to; i++) {
                    long place = i * (long) classes;
                    float wanted = Memory.getFloat(p.address() + 4 * (place + labels[i]));
                    double value = -Math.log(wanted);
                    if (!(wanted > LEAST)) {
                        Memory.get(logits.address() + 4 * place, row, 0, classes);
                        int top = top(row, classes);
                        value = row[top] - Math.log(Memory.getFloat(p.address() + 4 * (place + top))) - row[labels[i]];
                    }
                    Memory.putFloat(loss.address() + 4L * i, (float) value);
                }
            });
        }
        return true;
    }

    static KernelPlan crossEntropyGradient(Operator operator, Layout[] inputs, Spec[] outputs, Fallback fallback) {
        Layout p = inputs[1];
        return p.dtype() != DType.FLOAT32 || inputs[0].dtype() != DType.FLOAT32 || Operands.isEmpty(p)
                ? null
                : KernelPlan.rowMajor((in, out, workspace) -> crossEntropyGradient(in[0], in[1], in[2], out[0]));
    }

    private static void crossEntropyGradient(NDArray dloss, NDArray p, NDArray label, NDArray dx) {
        try (Scope copies = Scope.open()) {
            NDArray rows = p.isContiguous() ? p : Operands.copy(p);
            float[] scale = scale(dloss);
            int classes = Math.toIntExact(p.shape().dim(-1));
            int[] labels = labels(label, classes);
            EngineThreads.parallel().forRange(label.size(), Math.max(1, GRAIN / classes), (from, to) -> {
                float[] row = HeapScratch.floats(0, classes);
                for (int i = (int) from; i < to; i++) {
                    Memory.get(rows.address() + 4L * i * classes, row, 0, classes);
                    row[labels[i]] -= 1;
                    for (int j = 0; j < classes; j++) {
                        row[j] *= scale[i];
                    }
                    Memory.put(row, 0, dx.address() + 4L * i * classes, classes);
                }
            });
        }
    }

    private static boolean declines(Layout x) {
        return x.dtype() != DType.FLOAT32 || Operands.isEmpty(x) || !Operands.served(DType.FLOAT32);
    }

    /** The index of the largest element; of a NaN if there is one, so that the loss is NaN too. */
    private static int top(float[] row, int classes) {
        int top = 0;
        for (int j = 1; j < classes; j++) {
            if (row[j] > row[top] || Float.isNaN(row[j])) {
                top = j;
            }
        }
        return top;
    }

    private static float[] scale(NDArray array) {
        if (!array.isContiguous()) {
            return array.toFloatArray();
        }
        int n = Math.toIntExact(array.size());
        float[] scale = HeapScratch.floats(1, n);
        Memory.get(array.address(), scale, 0, n);
        return scale;
    }

    private static int[] labels(NDArray array, int classes) {
        int n = Math.toIntExact(array.size());
        int[] labels;
        if (array.dtype() == DType.INT32 && array.isContiguous()) {
            labels = HeapScratch.ints(n);
            Memory.get(array.address(), labels, 0, n);
        } else {
            labels = array.toIntArray();
        }
        if (array.dtype().isFloating()) {
            double[] given = array.cast(DType.FLOAT64).toDoubleArray();
            for (int i = 0; i < n; i++) {
                labels[i] = given[i] == labels[i] ? labels[i] : -1;
            }
        }
        for (int i = 0; i < n; i++) {
            if (labels[i] < 0 || labels[i] >= classes) {
                throw IndexRangeException.first("softmaxCrossEntropy", "labels", array, 0, classes - 1);
            }
        }
        return labels;
    }
}
