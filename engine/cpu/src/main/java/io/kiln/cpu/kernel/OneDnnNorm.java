package io.kiln.cpu.kernel;

import io.kiln.autograd.Autograd;
import io.kiln.backend.KernelPlan;
import io.kiln.backend.Span;
import io.kiln.compile.internal.FusedBatchNorm;
import io.kiln.compile.internal.FusedBatchNormGradient;
import io.kiln.cpu.Fallback;
import io.kiln.cpu.onednn.CpuContext;
import io.kiln.cpu.onednn.LayerNorm;
import io.kiln.cpu.onednn.Tensor;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.Layout;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Spec;
import io.kiln.ndarray.internal.Memory;
import io.kiln.op.Operator;
import io.kiln.op.internal.BatchNormGradient;
import io.kiln.op.internal.LayerNormGradient;
import io.kiln.op.nn.BatchNormOp;

/**
 * Batch and layer normalisation by oneDNN, for float32; batch normalisation also for bfloat16 with float32 statistics.
 * oneDNN uses variances, the operators {@code r = 1/√(σ² + ε)}; the conversion is exact up to rounding.
 */
final class OneDnnNorm {

    private OneDnnNorm() {}

    static KernelPlan batchNorm(Operator operator, Layout[] inputs, Spec[] outputs, Fallback fallback) {
        return batchNorm(operator, (BatchNormOp) operator, inputs, outputs, fallback);
    }

    /** With a ReLU, whose mask is an additional output. */
    static KernelPlan batchNormRelu(Operator operator, Layout[] inputs, Spec[] outputs, Fallback fallback) {
        return batchNorm(operator, ((FusedBatchNorm) operator).norm(), inputs, outputs, fallback);
    }

    private static KernelPlan batchNorm(
            Operator operator, BatchNormOp norm, Layout[] inputs, Spec[] outputs, Fallback fallback) {
        return declines(inputs, 1)
                ? null
                : fallback.attempt(
                        operator,
                        Operands.firstChannelsLast(outputs),
                        variance(inputs[4].spec()),
                        (in, out, workspace) -> batchNorm(norm, in, workspace, out));
    }

    private static boolean batchNorm(BatchNormOp norm, NDArray[] inputs, Span workspace, NDArray... outputs) {
        boolean training = Autograd.isTraining();
        float[] oldMean = inputs[3].toFloatArray();
        float[] oldVariance = inputs[4].toFloatArray();
        NDArray y = outputs[0];
        NDArray mean = put(oldMean, outputs[3]);
        NDArray mask = outputs.length > 5 ? outputs[5] : null;
        try (Scope copies = Scope.open()) {
            NDArray variance = put(oldVariance, variance(workspace, inputs[4].spec()));
            boolean computed = io.kiln.cpu.onednn.BatchNorm.forward(
                    Operands.read(inputs[0]),
                    Operands.read(inputs[1]),
                    Operands.read(inputs[2]),
                    Operands.of(mean),
                    Operands.of(variance),
                    Operands.of(y),
                    mask == null ? null : Operands.of(mask),
                    (float) norm.epsilon(),
                    !training);
            if (!computed) {
                return false;
            }
            float[] usedMean = mean.toFloatArray();
            float[] usedVariance = variance.toFloatArray();
            if (mask != null && CpuContext.tookInvalid()) {
                rectify(norm, inputs, mean, variance, y, mask, training);
            }
            if (training) {
                double n = (double) inputs[0].size() / usedMean.length;
                move(oldMean, usedMean, norm.momentum(), 1);
                move(oldVariance, usedVariance, norm.momentum(), norm.runningFactor(n));
            }
            put(oldMean, outputs[1]);
            put(oldVariance, outputs[2]);
            put(inverses(usedVariance, norm.epsilon()), outputs[4]);
            return true;
        }
    }

    /**
     * Recomputes the rectified results and their mask if oneDNN has turned a NaN into 0 and would pass its gradient.
     * The mask's format is oneDNN's own, so oneDNN computes it, from numbers with the same signs.
     */
    private static void rectify(
            BatchNormOp norm,
            NDArray[] inputs,
            NDArray mean,
            NDArray variance,
            NDArray y,
            NDArray mask,
            boolean training) {
        float epsilon = (float) norm.epsilon();
        io.kiln.cpu.onednn.BatchNorm.forward(
                Operands.read(inputs[0]),
                Operands.read(inputs[1]),
                Operands.read(inputs[2]),
                Operands.of(mean),
                Operands.of(variance),
                Operands.of(y),
                null,
                epsilon,
                !training);
        NDArray signs = Specials.withoutNaN(y);
        NDArray ones = y.factory().ones(mean.shape(), DType.FLOAT32);
        NDArray zeros = y.factory().zeros(mean.shape(), DType.FLOAT32);
        io.kiln.cpu.onednn.BatchNorm.forward(
                Operands.of(signs),
                Operands.of(ones),
                Operands.of(zeros),
                Operands.of(zeros),
                Operands.of(ones),
                Operands.of(NDArray.empty(y.backend(), y.shape(), y.dtype(), y.strides())),
                Operands.of(mask),
                epsilon,
                true);
        Specials.rectify(y);
    }

    private static NDArray put(float[] values, NDArray array) {
        Memory.put(values, 0, array.address(), values.length);
        return array;
    }

    static KernelPlan batchNormGradient(Operator operator, Layout[] inputs, Spec[] outputs, Fallback fallback) {
        return batchNormGradient(operator, (BatchNormGradient) operator, inputs, outputs, fallback);
    }

    /** With the gradient of a ReLU, whose mask is the last input. */
    static KernelPlan batchNormReluGradient(Operator operator, Layout[] inputs, Spec[] outputs, Fallback fallback) {
        return batchNormGradient(operator, ((FusedBatchNormGradient) operator).norm(), inputs, outputs, fallback);
    }

    private static KernelPlan batchNormGradient(
            Operator operator, BatchNormGradient norm, Layout[] inputs, Spec[] outputs, Fallback fallback) {
        return declines(inputs, 2)
                ? null
                : fallback.attempt(
                        operator,
                        Operands.firstChannelsLast(outputs),
                        variance(inputs[4].spec()),
                        (in, out, workspace) -> batchNormGradient(norm, in, workspace, out));
    }

    private static boolean batchNormGradient(
            BatchNormGradient norm, NDArray[] inputs, Span workspace, NDArray... outputs) {
        try (Scope copies = Scope.open()) {
            NDArray variance =
                    put(variances(inputs[4].toFloatArray(), norm.epsilon()), variance(workspace, inputs[4].spec()));
            return io.kiln.cpu.onednn.BatchNorm.backward(
                    Operands.read(inputs[1]),
                    Operands.read(inputs[2]),
                    Operands.read(inputs[3]),
                    Operands.of(variance),
                    Operands.read(inputs[0]),
                    Operands.of(outputs[0]),
                    Operands.of(outputs[1]),
                    Operands.of(outputs[2]),
                    inputs.length > 5 ? Operands.of(inputs[5]) : null,
                    (float) norm.epsilon(),
                    !norm.training());
        }
    }

    static KernelPlan layerNorm(Operator operator, Layout[] inputs, Spec[] outputs, Fallback fallback) {
        double epsilon = ((io.kiln.op.nn.LayerNormOp) operator).epsilon();
        return declines(inputs, 0)
                ? null
                : fallback.attempt(
                        operator,
                        null,
                        variance(outputs[2]),
                        (in, out, workspace) -> layerNorm(epsilon, in, workspace, out));
    }

    private static boolean layerNorm(double epsilon, NDArray[] inputs, Span workspace, NDArray... outputs) {
        try (Scope copies = Scope.open()) {
            NDArray variance = variance(workspace, outputs[2].spec());
            boolean computed = LayerNorm.forward(
                    rows(inputs[0]),
                    Operands.read(inputs[1]),
                    Operands.read(inputs[2]),
                    column(outputs[1]),
                    column(variance),
                    rows(outputs[0]),
                    (float) epsilon);
            if (computed) {
                put(inverses(variance.toFloatArray(), epsilon), outputs[2]);
            }
            return computed;
        }
    }

    static KernelPlan layerNormGradient(Operator operator, Layout[] inputs, Spec[] outputs, Fallback fallback) {
        double epsilon = ((LayerNormGradient) operator).epsilon();
        return declines(inputs, 0)
                ? null
                : fallback.attempt(
                        operator,
                        null,
                        variance(inputs[4].spec()),
                        (in, out, workspace) -> layerNormGradient(epsilon, in, workspace, out));
    }

    private static boolean layerNormGradient(double epsilon, NDArray[] inputs, Span workspace, NDArray... outputs) {
        try (Scope copies = Scope.open()) {
            NDArray variance = put(variances(inputs[4].toFloatArray(), epsilon), variance(workspace, inputs[4].spec()));
            return LayerNorm.backward(
                    rows(inputs[1]),
                    Operands.read(inputs[2]),
                    column(inputs[3]),
                    column(variance),
                    rows(inputs[0]),
                    rows(outputs[0]),
                    Operands.of(outputs[1]),
                    Operands.of(outputs[2]),
                    (float) epsilon);
        }
    }

    private static long variance(Spec like) {
        return DeviceWorkspace.bytes(Layout.rowMajor(like));
    }

    /** Memory for the variances that belong to inverse deviations. */
    private static NDArray variance(Span workspace, Spec like) {
        return new DeviceWorkspace(workspace).next(Layout.rowMajor(like));
    }

    /** The first inputs may all be bfloat16; the others, up to a mask, are float32. */
    private static boolean declines(Layout[] inputs, int data) {
        for (int i = 0; i < Math.min(5, inputs.length); i++) {
            DType type = inputs[i].dtype();
            boolean fits = type == DType.FLOAT32 || i < data && type == DType.BFLOAT16;
            if (!fits || Operands.isEmpty(inputs[i]) || i < data && type != inputs[0].dtype()) {
                return true;
            }
        }
        return !Operands.served(DType.FLOAT32);
    }

    /** {@code […, n]} seen as {@code [rows, n]}; a copy if necessary. */
    private static Tensor rows(NDArray x) {
        Tensor tensor = Operands.of(x.isContiguous() ? x : Operands.copy(x));
        long columns = tensor.dims()[tensor.dims().length - 1];
        return tensor.as(new long[] {tensor.size() / columns, columns}, new long[] {columns, 1});
    }

    /** {@code […, 1]} seen as {@code [rows]}. */
    private static Tensor column(NDArray x) {
        Tensor tensor = Operands.of(x.isContiguous() ? x : Operands.copy(x));
        return tensor.as(new long[] {tensor.size()}, new long[] {1});
    }

    private static float[] inverses(float[] variances, double epsilon) {
        float[] inverses = new float[variances.length];
        for (int i = 0; i < inverses.length; i++) {
            inverses[i] = (float) (1 / Math.sqrt(variances[i] + epsilon));
        }
        return inverses;
    }

    private static float[] variances(float[] inverses, double epsilon) {
        float[] variances = new float[inverses.length];
        for (int i = 0; i < variances.length; i++) {
            variances[i] = (float) (1 / ((double) inverses[i] * inverses[i]) - epsilon);
        }
        return variances;
    }

    private static void move(float[] running, float[] batch, double momentum, double factor) {
        for (int i = 0; i < running.length; i++) {
            running[i] = (float) (momentum * running[i] + (1 - momentum) * factor * batch[i]);
        }
    }
}
