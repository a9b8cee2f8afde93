package io.kiln.cpu.kernel;

import io.kiln.cpu.EngineThreads;
import io.kiln.cpu.onednn.Activation;
import io.kiln.cpu.onednn.CpuContext;
import io.kiln.cpu.onednn.Elementwise;
import io.kiln.cpu.onednn.InstructionSet;
import io.kiln.cpu.onednn.PostOps;
import io.kiln.cpu.onednn.Reorder;
import io.kiln.cpu.onednn.Sum;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.Memory;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.Operator;
import io.kiln.op.activation.Gelu;
import io.kiln.op.activation.GeluGradient;
import java.util.Arrays;

/**
 * Functions of one element that oneDNN vectorises and Java does not, and copies between layouts. Left to the tiles are
 * those where oneDNN is less exact (log, softplus, elu) or turns NaN into a number (exp, relu). Where a function or its slope
 * is special at infinities and oneDNN tells of an invalid operation, the definition computes arrays that hold some.
 */
final class ElementKernels {

    /** Below this many elements a call of oneDNN costs more than it saves. */
    private static final long WORTH = 64;

    private static final int TILE = 2048;
    private static final long GRAIN = 8 * TILE;
    /** The bits of infinity in bfloat16. */
    private static final int INFINITY = 0x7F80;

    private ElementKernels() {}

    /** Sums of bfloat16, which Java does not vectorise. */
    static NDArray[] add(Operator operator, NDArray[] inputs, Spec[] outputs) {
        return inputs[0].dtype() == DType.BFLOAT16 ? sum(inputs, outputs[0], PostOps.NONE) : null;
    }

    static NDArray[] addRelu(Operator operator, NDArray[] inputs, Spec[] outputs) {
        return sum(inputs, outputs[0], PostOps.of(Activation.RELU, 0, 0));
    }

    private static NDArray[] sum(NDArray[] inputs, Spec output, PostOps postOps) {
        NDArray a = inputs[0];
        NDArray b = inputs[1];
        if (a.size() < WORTH
                || !isFast(a.dtype())
                || a.dtype() != b.dtype()
                || a.dtype() != output.dtype()
                || !a.isDense()
                || !a.shape().equals(b.shape())
                || !Arrays.equals(a.strides(), b.strides())) {
            return null;
        }
        NDArray y = NDArray.empty(a.backend(), output.shape(), output.dtype(), a.strides());
        if (!Sum.run(Operands.flat(a), Operands.flat(b), Operands.flat(y), postOps)) {
            return null;
        }
        if (postOps != PostOps.NONE && CpuContext.tookInvalid()) {
            Sum.run(Operands.flat(a), Operands.flat(b), Operands.flat(y), PostOps.NONE);
            Specials.rectify(y);
        }
        return new NDArray[] {y};
    }

    static NDArray[] tanh(Operator operator, NDArray[] inputs, Spec[] outputs) {
        return forward(Activation.TANH, 0, inputs[0], outputs[0]);
    }

    static NDArray[] sigmoid(Operator operator, NDArray[] inputs, Spec[] outputs) {
        return forward(Activation.LOGISTIC, 0, inputs[0], outputs[0]);
    }

    static NDArray[] silu(Operator operator, NDArray[] inputs, Spec[] outputs) {
        return narrow(Activation.SWISH, 1, inputs[0], outputs[0]);
    }

    static NDArray[] gelu(Operator operator, NDArray[] inputs, Spec[] outputs) {
        return narrow(gelu(((Gelu) operator).approximate()), 0, inputs[0], outputs[0]);
    }

    static NDArray[] siluGradient(Operator operator, NDArray[] inputs, Spec[] outputs) {
        return backward(Activation.SWISH, 1, inputs, outputs[0]);
    }

    static NDArray[] geluGradient(Operator operator, NDArray[] inputs, Spec[] outputs) {
        return backward(gelu(((GeluGradient) operator).approximate()), 0, inputs, outputs[0]);
    }

    /**
     * From the gradient of the result and the result: lets through where the result is above 0. By bits, for bfloat16 alone: oneDNN
     * multiplies by 0 elsewhere, which makes -0 of negative gradients and NaN of infinite ones.
     */
    static NDArray[] reluGradient(Operator operator, NDArray[] inputs, Spec[] outputs) {
        NDArray dy = inputs[0];
        NDArray y = inputs[1];
        if (y.dtype() != DType.BFLOAT16
                || dy.dtype() != DType.BFLOAT16
                || !y.isDense()
                || !dy.shape().equals(y.shape())
                || !Arrays.equals(dy.strides(), y.strides())) {
            return null;
        }
        NDArray dx = NDArray.empty(y.backend(), outputs[0].shape(), outputs[0].dtype(), y.strides());
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
        return new NDArray[] {dx};
    }

    private static Activation gelu(boolean approximate) {
        return approximate ? Activation.GELU_TANH : Activation.GELU_ERF;
    }

    /** For bfloat16 alone: oneDNN loses digits of float32, in the tail of GELU all of them. */
    private static NDArray[] narrow(Activation function, float alpha, NDArray x, Spec output) {
        return x.dtype() == DType.BFLOAT16 ? forward(function, alpha, x, output) : null;
    }

    private static NDArray[] forward(Activation function, float alpha, NDArray x, Spec output) {
        if (x.size() < WORTH || !InstructionSet.hasAvx2() || !isFast(x.dtype()) || !x.isDense()) {
            return null;
        }
        NDArray y = NDArray.empty(x.backend(), output.shape(), output.dtype(), x.strides());
        boolean computed = Elementwise.forward(function, alpha, 0, Operands.flat(x), Operands.flat(y));
        boolean guarded = function != Activation.TANH && function != Activation.LOGISTIC;
        return settled(computed && !(guarded && CpuContext.tookInvalid() && Specials.in(x)), y);
    }

    private static NDArray[] settled(boolean good, NDArray y) {
        if (good) {
            return new NDArray[] {y};
        }
        y.close();
        return null;
    }

    /** Without code for bfloat16, oneDNN's reference code takes 50 times as long as Java's loops. */
    private static boolean isFast(DType dtype) {
        return Operands.served(dtype)
                && (dtype == DType.FLOAT32 || dtype == DType.BFLOAT16 && InstructionSet.servesBfloat16());
    }

    /** Inputs are the gradient of the result, and the source (or the result, where the function says so). */
    private static NDArray[] backward(Activation function, float alpha, NDArray[] inputs, Spec output) {
        NDArray dy = inputs[0];
        NDArray x = inputs[1];
        if (x.size() < WORTH
                || !isFast(x.dtype())
                || dy.dtype() != x.dtype()
                || !x.isDense()
                || !dy.shape().equals(x.shape())
                || !Arrays.equals(dy.strides(), x.strides())) {
            return null;
        }
        NDArray dx = NDArray.empty(x.backend(), output.shape(), output.dtype(), x.strides());
        boolean computed =
                Elementwise.backward(function, alpha, 0, Operands.flat(x), Operands.flat(dy), Operands.flat(dx));
        // The slope of this one is NaN where its squares overflow.
        boolean overflows = function == Activation.GELU_TANH;
        return settled(computed && !(CpuContext.tookInvalid() && (overflows || Specials.in(x, dy))), dx);
    }

    /** A row-major copy of an array of another layout. */
    static NDArray[] copy(Operator operator, NDArray[] inputs, Spec[] outputs) {
        NDArray x = inputs[0];
        boolean single = x.dtype() == DType.FLOAT32 || x.dtype() == DType.INT32;
        if (!single || x.size() < WORTH || x.isContiguous() || !Operands.served(DType.FLOAT32)) {
            return null;
        }
        if (!Operands.of(x).isDescribable()) {
            return null;
        }
        NDArray y = Operands.rowMajor(x, outputs[0]);
        return Reorder.run(Operands.of(x), Operands.of(y)) ? new NDArray[] {y} : null;
    }

    /**
     * Casts between float32 and types for which oneDNN has fast code: for float16 it has none, 20 ns per element, nor for bfloat16
     * where the processor has neither AVX-512 nor AVX2_VNNI_2.
     */
    static NDArray[] cast(Operator operator, NDArray[] inputs, Spec[] outputs) {
        NDArray x = inputs[0];
        if (x.size() < WORTH || !x.isDense() || !converts(x.dtype(), outputs[0].dtype())) {
            return null;
        }
        NDArray y = NDArray.empty(x.backend(), outputs[0].shape(), outputs[0].dtype(), x.strides());
        return Reorder.run(Operands.flat(x), Operands.flat(y)) ? new NDArray[] {y} : null;
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
