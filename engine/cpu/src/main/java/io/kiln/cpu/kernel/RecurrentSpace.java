package io.kiln.cpu.kernel;

import io.kiln.cpu.onednn.PackedMatMul;
import io.kiln.cpu.onednn.PostOps;
import io.kiln.cpu.onednn.Tensor;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.Layout;
import io.kiln.op.internal.RecurrentInputs;

/**
 * Counts the workspace of a recurrent kernel from the layouts of its inputs: what a {@link Recurrence} takes itself, and what the
 * kernel adds. Tensors here have sizes and strides, but no memory.
 */
final class RecurrentSpace {
    final long steps;
    final long rows;
    final long hidden;
    /** Size of what goes from step to step. */
    final long state;

    private final Layout[] inputs;
    private long bytes;

    RecurrentSpace(RecurrentInputs kinds, Layout... inputs) {
        this.inputs = inputs;
        steps = inputs[RecurrentInputs.X].shape().dim(0);
        rows = inputs[RecurrentInputs.X].shape().dim(1);
        hidden = kinds.hidden(inputs[RecurrentInputs.WI].shape());
        state = inputs[RecurrentInputs.WH].shape().dim(1);
        contiguous(inputs[RecurrentInputs.X]);
        described(inputs[RecurrentInputs.WI]);
        described(inputs[RecurrentInputs.WH]);
        first(kinds, 0, state);
    }

    /** A first state: a row-major copy, or zeros. */
    RecurrentSpace first(RecurrentInputs kinds, int which, long size) {
        return which < kinds.states() ? contiguous(inputs[kinds.statePlace() + which]) : array(rows, size);
    }

    /** An array of float32. */
    RecurrentSpace array(long... dims) {
        long size = Float.BYTES;
        for (long d : dims) {
            size = Math.multiplyExact(size, d);
        }
        bytes += DeviceWorkspace.bytes(size);
        return this;
    }

    /** A row-major copy of what is not row-major. */
    RecurrentSpace contiguous(Layout... arrays) {
        for (Layout x : arrays) {
            bytes += x.isContiguous() ? 0 : DeviceWorkspace.bytes(Layout.rowMajor(x.spec()));
        }
        return this;
    }

    /** A copy of what oneDNN cannot describe. */
    RecurrentSpace described(Layout x) {
        bytes += Operands.isDescribable(x) ? 0 : DeviceWorkspace.bytes(Layout.rowMajor(x.spec()));
        return this;
    }

    /** The right matrix of the products of every step. */
    RecurrentSpace packed(Tensor a, Tensor b, Tensor bias, Tensor dst, PostOps postOps) {
        bytes += DeviceWorkspace.bytes(PackedMatMul.bytes(a, b, bias, dst, postOps));
        return this;
    }

    long bytes() {
        return bytes;
    }

    /** As {@link Recurrence#dense}. */
    Tensor dense(long width) {
        return Tensor.rowMajor(DType.FLOAT32, 0, rows, width);
    }

    /** Columns of one step of a sequence of some width, as {@link Recurrence#step}. */
    Tensor step(long width, long from, long to) {
        return new Tensor(DType.FLOAT32, new long[] {rows, to - from}, new long[] {width, 1}, 0);
    }

    /** A matrix of the inputs, as {@link Recurrence#read} gives it. */
    Tensor matrix(int input) {
        Layout x = inputs[input];
        Layout described = Operands.isDescribable(x) ? x : Layout.rowMajor(x.spec());
        return new Tensor(x.dtype(), x.shape().dims(), described.strides(), 0);
    }
}
