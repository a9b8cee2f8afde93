package io.kiln.cpu.kernel;

import io.kiln.backend.KernelPlan;
import io.kiln.cpu.EngineThreads;
import io.kiln.cpu.Fallback;
import io.kiln.cpu.onednn.Activation;
import io.kiln.cpu.onednn.CpuContext;
import io.kiln.cpu.onednn.Elementwise;
import io.kiln.cpu.onednn.InstructionSet;
import io.kiln.cpu.onednn.PostOps;
import io.kiln.cpu.onednn.Reorder;
import io.kiln.cpu.onednn.Sum;
import io.kiln.cpu.onednn.Tensor;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.Layout;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.ndarray.internal.Memory;
import io.kiln.op.Operator;
import io.kiln.op.activation.Gelu;
import io.kiln.op.internal.GeluGradient;
import java.util.Arrays;

/**
 * Functions of one element that oneDNN vectorises and Java does not, and copies between layouts. Functions for which
 * oneDNN is less exact (log, softplus, elu) or turns NaN into a number (exp, relu) are left to the tiles. If a function
 * or its slope is special at infinities and oneDNN reports an invalid operation, arrays that contain infinities are
 * computed by the definition.
 */
final class ElementKernels {

    /** Below this number of elements a oneDNN call costs more than it saves. */
    private static final long WORTH = 64;

    private static final int TILE = 2048;
    private static final long GRAIN = 8 * TILE;
    /** The bits of infinity in bfloat16. */
    private static final int INFINITY = 0x7F80;

    private ElementKernels() {}

    /** Sums of bfloat16, which Java does not vectorise. */
    static KernelPlan add(Operator operator, Layout[] inputs, Spec[] outputs, Fallback fallback) {
        return inputs[0].dtype() == DType.BFLOAT16 ? sum(operator, inputs, outputs[0], fallback, PostOps.NONE) : null;
    }

    static KernelPlan addRelu(Operator operator, Layout[] inputs, Spec[] outputs, Fallback fallback) {
        return sum(operator, inputs, outputs[0], fallback, PostOps.of(Activation.RELU, 0, 0));
    }

    private static KernelPlan sum(Operator operator, Layout[] inputs, Spec output, Fallback fallback, PostOps postOps) {
        Layout a = inputs[0];
        Layout b = inputs[1];
        if (a.size() < WORTH
                || !isFast(a.dtype())
                || a.dtype() != b.dtype()
                || a.dtype() != output.dtype()
                || !a.isDense()
                || !a.shape().equals(b.shape())
                || !Arrays.equals(a.strides(), b.strides())) {
            return null;
        }
        return fallback.attempt(operator, new long[][] {a.strides()}, (in, out, workspace) -> {
            Tensor left = Operands.flat(in[0]);
            Tensor right = Operands.flat(in[1]);
            Tensor y = Operands.flat(out[0]);
            if (!Sum.run(left, right, y, postOps)) {
                return false;
            }
            if (postOps != PostOps.NONE && CpuContext.tookInvalid()) {
                Sum.run(left, right, y, PostOps.NONE);
                Specials.rectify(out[0]);
            }
            return true;
        });
    }

    static KernelPlan tanh(Operator operator, Layout[] inputs, Spec[] outputs, Fallback fallback) {
        return forward(operator, Activation.TANH, 0, inputs[0], fallback);
    }

    static KernelPlan sigmoid(Operator operator, Layout[] inputs, Spec[] outputs, Fallback fallback) {
        return forward(operator, Activation.LOGISTIC, 0, inputs[0], fallback);
    }

    static KernelPlan silu(Operator operator, Layout[] inputs, Spec[] outputs, Fallback fallback) {
        return narrow(operator, Activation.SWISH, 1, inputs[0], fallback);
    }

    static KernelPlan gelu(Operator operator, Layout[] inputs, Spec[] outputs, Fallback fallback) {
        return narrow(operator, gelu(((Gelu) operator).approximate()), 0, inputs[0], fallback);
    }

    static KernelPlan siluGradient(Operator operator, Layout[] inputs, Spec[] outputs, Fallback fallback) {
        return backward(operator, Activation.SWISH, 1, inputs, fallback);
    }

    static KernelPlan geluGradient(Operator operator, Layout[] inputs, Spec[] outputs, Fallback fallback) {
        return backward(operator, gelu(((GeluGradient) operator).approximate()), 0, inputs, fallback);
    }

    /**
     * From the gradient of the result and the result: passes the gradient where the result is above 0. Works on bits,
     * for bfloat16 only: oneDNN multiplies by 0 elsewhere, which turns negative gradients into -0 and infinite ones
     * into NaN.
     */
    static KernelPlan reluGradient(Operator operator, Layout[] inputs, Spec[] outputs, Fallback fallback) {
        Layout dy = inputs[0];
        Layout y = inputs[1];
        if (y.dtype() != DType.BFLOAT16
                || dy.dtype() != DType.BFLOAT16
                || !y.isDense()
                || !dy.shape().equals(y.shape())
                || !Arrays.equals(dy.strides(), y.strides())) {
            return null;
        }
        return new KernelPlan(
                new long[][] {y.strides()}, 0, (in, out, workspace) -> reluGradient(in[0], in[1], out[0]));
    }

    private static void reluGradient(NDArray dy, NDArray y, NDArray dx) {
        EngineThreads.parallel().forRange(y.size(), GRAIN, (from, to) -> {
            short[] gradient = new short[TILE];
            short[] result = new short[TILE];
            for (long at = from; at < to; at += TILE) {
                int count = (int) Math.min(TILE, to - at);
                Memory.get(dy.address() + 2 * at, gradient, 0, count);
                Memory.get(y.address() + 2 * at, result, 0, count);
                for (int i = 0; i < count; i++) {
                    // Negative exactly for bits from 1 to those of infinity: neither 0, nor negative, nor NaN.
                    int bits = result[i];
                    gradient[i] &= (short) ((-bits & bits - INFINITY - 1) >> 31);
                }
                Memory.put(gradient, 0, dx.address() + 2 * at, count);
            }
        });
    }

    private static Activation gelu(boolean approximate) {
        return approximate ? Activation.GELU_TANH : Activation.GELU_ERF;
    }

    /** For bfloat16 only: oneDNN loses precision in float32, in the tail of GELU all of it. */
    private static KernelPlan narrow(Operator operator, Activation function, float alpha, Layout x, Fallback fallback) {
        return x.dtype() == DType.BFLOAT16 ? forward(operator, function, alpha, x, fallback) : null;
    }

    private static KernelPlan forward(
            Operator operator, Activation function, float alpha, Layout x, Fallback fallback) {
        if (x.size() < WORTH || !InstructionSet.hasAvx2() || !isFast(x.dtype()) || !x.isDense()) {
            return null;
        }
        boolean guarded = function != Activation.TANH && function != Activation.LOGISTIC;
        return fallback.calls(
                operator,
                new long[][] {x.strides()},
                (in, out, workspace) ->
                        Elementwise.forward(function, alpha, 0, Operands.flat(in[0]), Operands.flat(out[0]))
                                && !(guarded && CpuContext.tookInvalid() && Specials.in(in[0])));
    }

    /** Without code for bfloat16, oneDNN's reference implementation takes 50 times as long as Java's loops. */
    private static boolean isFast(DType dtype) {
        return Operands.served(dtype)
                && (dtype == DType.FLOAT32 || dtype == DType.BFLOAT16 && InstructionSet.servesBfloat16());
    }

    /** Inputs are the gradient of the result, and the source (or, for some functions, the result). */
    private static KernelPlan backward(
            Operator operator, Activation function, float alpha, Layout[] inputs, Fallback fallback) {
        Layout dy = inputs[0];
        Layout x = inputs[1];
        if (x.size() < WORTH
                || !isFast(x.dtype())
                || dy.dtype() != x.dtype()
                || !x.isDense()
                || !dy.shape().equals(x.shape())
                || !Arrays.equals(dy.strides(), x.strides())) {
            return null;
        }
        // The slope of this one is NaN where its squares overflow.
        boolean overflows = function == Activation.GELU_TANH;
        return fallback.calls(operator, new long[][] {x.strides()}, (in, out, workspace) -> {
            boolean computed = Elementwise.backward(
                    function, alpha, 0, Operands.flat(in[1]), Operands.flat(in[0]), Operands.flat(out[0]));
            return computed
                    && !(CpuContext.tookInvalid() && (Specials.in(in[1], in[0]) || overflows && Specials.in(out[0])));
        });
    }

    /** A row-major copy of an array of another layout. */
    static KernelPlan copy(Operator operator, Layout[] inputs, Spec[] outputs, Fallback fallback) {
        Layout x = inputs[0];
        boolean single = x.dtype() == DType.FLOAT32 || x.dtype() == DType.INT32;
        if (!single || x.size() < WORTH || x.isContiguous() || !Operands.served(DType.FLOAT32)) {
            return null;
        }
        if (!Operands.isDescribable(x)) {
            return null;
        }
        return fallback.calls(
                operator, null, (in, out, workspace) -> Reorder.run(Operands.of(in[0]), Operands.of(out[0])));
    }

    /**
     * Casts between float32 and dtypes for which oneDNN has fast code: it has none for float16 (20 ns per element), nor
     * for bfloat16 if the processor has neither AVX-512 nor AVX2_VNNI_2.
     */
    static KernelPlan cast(Operator operator, Layout[] inputs, Spec[] outputs, Fallback fallback) {
        Layout x = inputs[0];
        if (x.size() < WORTH || !x.isDense() || !converts(x.dtype(), outputs[0].dtype())) {
            return null;
        }
        return fallback.calls(
                operator,
                new long[][] {x.strides()},
                (in, out, workspace) -> Reorder.run(Operands.flat(in[0]), Operands.flat(out[0])));
    }

    private static boolean converts(DType from, DType to) {
        if (!Operands.served(DType.FLOAT32)) {
            return false;
        }
        boolean narrows = InstructionSet.servesBfloat16();
        return to == DType.FLOAT32 && (from == DType.UINT8 || from == DType.BFLOAT16 && narrows)
                || from == DType.FLOAT32 && to == DType.BFLOAT16 && narrows;
    }
}
