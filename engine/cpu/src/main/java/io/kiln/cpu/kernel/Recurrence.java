package io.kiln.cpu.kernel;

import io.kiln.cpu.EngineThreads;
import io.kiln.cpu.Parallel;
import io.kiln.cpu.onednn.MatMul;
import io.kiln.cpu.onednn.PackedMatMul;
import io.kiln.cpu.onednn.PostOps;
import io.kiln.cpu.onednn.Tensor;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.Layout;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.ndarray.internal.Memory;
import io.kiln.op.Dispatch;
import io.kiln.op.internal.RecurrentInputs;
import io.kiln.op.reduce.Sum;
import java.util.Arrays;
import java.util.List;

/**
 * The common structure of the recurrent kernels: one large product for the inputs of all steps, one small product per
 * step with packed weights, and plain loops over rows in between. Sequences are row-major [T,N,width]; temporary memory
 * is the kernel's workspace, whose size {@link RecurrentSpace} computes.
 *
 * <p>Concurrency: belongs to the thread that made it.
 */
final class Recurrence {
    /** Minimum number of elements of a step for a thread. */
    private static final long GRAIN = 4096;

    final int steps;
    final int rows;
    final int hidden;
    /** Size of the state that is passed from step to step. */
    final int state;

    final Tensor inputWeights;
    final Tensor recurrentWeights;
    private final DeviceWorkspace space;
    private final NDArray x;
    private final int[] lengths;
    private final boolean reverse;
    private final NDArray first;
    private final boolean fromZero;
    private final Parallel parallel = EngineThreads.parallel();
    private final int parts;
    private final float[][] scratch;

    /**
     * Prepares a kernel.
     *
     * @param space temporary memory
     * @param scratchRows how many vectors of the hidden size or the state's, whichever is longer, a row needs
     */
    Recurrence(DeviceWorkspace space, RecurrentInputs kinds, boolean reverse, int scratchRows, NDArray... inputs) {
        this.space = space;
        this.reverse = reverse;
        x = contiguous(inputs[RecurrentInputs.X]);
        steps = Math.toIntExact(x.shape().dim(0));
        rows = Math.toIntExact(x.shape().dim(1));
        hidden = Math.toIntExact(inputs[RecurrentInputs.WI].shape().dim(0) / kinds.gates());
        state = Math.toIntExact(inputs[RecurrentInputs.WH].shape().dim(1));
        inputWeights = read(inputs[RecurrentInputs.WI]);
        recurrentWeights = read(inputs[RecurrentInputs.WH]);
        NDArray given = kinds.lengths(inputs);
        lengths = given == null ? null : given.toIntArray();
        NDArray h = kinds.state(0, inputs);
        fromZero = h == null;
        first = fromZero ? zeros(rows, state) : contiguous(h);
        parts = parallel.partsFor((long) rows * hidden, GRAIN);
        scratch = new float[parts][scratchRows * Math.max(hidden, state)];
    }

    /** Whether oneDNN does not support the inputs. */
    static boolean declines(Layout... inputs) {
        for (Layout input : inputs) {
            if (input.dtype().isFloating() && input.dtype() != DType.FLOAT32 || Operands.isEmpty(input)) {
                return true;
            }
        }
        return !Operands.served(DType.FLOAT32);
    }

    /** The same, of shapes and dtypes: whether the kernels plan them does not depend on strides. */
    static boolean declines(Spec... inputs) {
        return declines(Arrays.stream(inputs).map(Layout::rowMajor).toArray(Layout[]::new));
    }

    /** The array, or a row-major copy. */
    NDArray contiguous(NDArray x) {
        return space.contiguous(x);
    }

    /** The memory of a matrix; of a copy where oneDNN cannot describe it. */
    Tensor read(NDArray matrix) {
        return Operands.of(Operands.isDescribable(matrix.layout()) ? matrix : space.copy(matrix));
    }

    /** New temporary memory. */
    NDArray empty(long... dims) {
        return space.next(Layout.rowMajor(new Spec(Shape.of(dims), DType.FLOAT32)));
    }

    /** New temporary memory, zeroed. */
    NDArray zeros(long... dims) {
        NDArray array = empty(dims);
        Memory.fill(array.address(), 4 * array.size(), (byte) 0);
        return array;
    }

    /** A row that is added to each row of a product. */
    NDArray row(float... values) {
        NDArray array = empty(1, values.length);
        Memory.put(values, 0, array.address(), values.length);
        return array;
    }

    /** The i-th step in the order of processing. */
    int step(int i) {
        return reverse ? steps - 1 - i : i;
    }

    /** Address of the state before step t, where {@code y} holds the states after the steps. */
    long before(NDArray y, int t) {
        int previous = reverse ? t + 1 : t - 1;
        return previous < 0 || previous == steps ? first.address() : at(y, previous, 0);
    }

    boolean isFirst(int t) {
        return t == step(0);
    }

    /** Whether row n has ended before step t. */
    boolean ended(int t, int n) {
        return lengths != null && t >= lengths[n];
    }

    boolean hasLengths() {
        return lengths != null;
    }

    /** Address of row n of step t. */
    long at(NDArray sequence, int t, int n) {
        return sequence.address() + 4 * ((long) t * rows + n) * sequence.shape().dim(2);
    }

    /** Columns of all rows of a sequence, as a matrix. */
    Tensor all(NDArray sequence, long from, long to) {
        return block(sequence, 0, steps, from, to);
    }

    /** All rows of a sequence, as a matrix. */
    Tensor all(NDArray sequence) {
        return all(sequence, 0, sequence.shape().dim(2));
    }

    /** All inputs, as a matrix. */
    Tensor inputs() {
        return all(x);
    }

    private Tensor block(NDArray sequence, int t, int count, long from, long to) {
        long width = sequence.shape().dim(2);
        return new Tensor(
                DType.FLOAT32,
                new long[] {(long) count * rows, to - from},
                new long[] {width, 1},
                at(sequence, t, 0) + 4 * from);
    }

    /** Columns of one step, as a matrix. */
    Tensor step(NDArray sequence, long from, long to) {
        return block(sequence, 0, 1, from, to);
    }

    /** A dense matrix of one row per row of the batch. */
    Tensor dense(long address, long width) {
        return Tensor.rowMajor(DType.FLOAT32, address, rows, width);
    }

    /** The cells of one step, as one row. */
    Tensor flat(long address) {
        return Tensor.rowMajor(DType.FLOAT32, address, (long) rows * hidden);
    }

    static Tensor turned(Tensor m) {
        return m.as(new long[] {m.dims()[1], m.dims()[0]}, new long[] {m.strides()[1], m.strides()[0]});
    }

    /** Rows of a matrix. */
    static Tensor part(Tensor m, long from, long to) {
        return new Tensor(
                m.dtype(), new long[] {to - from, m.dims()[1]}, m.strides(), m.address() + 4 * from * m.strides()[0]);
    }

    /** {@code dst = a b + bias}. */
    static void product(Tensor a, Tensor b, NDArray bias, Tensor dst, PostOps postOps) {
        if (!MatMul.run(a, b, bias == null ? null : Operands.of(bias), dst, postOps)) {
            throw new IllegalStateException("recurrent layer: oneDNN has no product of " + a + " and " + b);
        }
    }

    /** Packs the right matrix of products of every step. */
    PackedMatMul packed(Tensor a, Tensor b, NDArray bias, Tensor dst, PostOps postOps) {
        PackedMatMul product =
                PackedMatMul.of(a, b, bias == null ? null : Operands.of(bias), dst, postOps, space.stretches());
        if (product == null) {
            throw new IllegalStateException("recurrent layer: oneDNN has no product of " + a + " and " + b);
        }
        return product;
    }

    /** The work for one row, with its own heap memory. */
    interface RowBody {
        void run(int n, float[] scratch);
    }

    /** Runs the rows of a step. */
    void eachRow(RowBody body) {
        parallel.run(parts, part -> {
            int to = (int) Parallel.split(rows, parts, part + 1);
            for (int n = (int) Parallel.split(rows, parts, part); n < to; n++) {
                body.run(n, scratch[part]);
            }
        });
    }

    /**
     * Gradient of the recurrent weights: {@code Σ dgates[t]ᵀ h[t-1]}.
     *
     * @param dGates gradients of the gates of all steps, columns from 0
     * @param y states after all steps
     * @param dst the gradient
     */
    void recurrentWeightGradient(NDArray dGates, NDArray y, NDArray dst) {
        long width = dGates.shape().dim(2);
        Tensor result = Operands.of(dst);
        if (!fromZero) {
            Tensor d = block(dGates, step(0), 1, 0, width);
            product(turned(d), dense(first.address(), state), null, result, PostOps.NONE);
        } else if (steps == 1) {
            Memory.fill(dst.address(), 4 * dst.size(), (byte) 0);
        }
        if (steps > 1) {
            Tensor d = block(dGates, reverse ? 0 : 1, steps - 1, 0, width);
            Tensor h = block(y, reverse ? 1 : 0, steps - 1, 0, state);
            product(turned(d), h, null, result, fromZero ? PostOps.NONE : PostOps.ACCUMULATE);
        }
    }

    /** Gradients of the inputs and of their weights. */
    void inputGradients(NDArray dGates, NDArray dx, NDArray dWeights) {
        product(all(dGates), inputWeights, null, all(dx), PostOps.NONE);
        product(turned(all(dGates)), inputs(), null, Operands.of(dWeights), PostOps.NONE);
    }

    /** Sums over all rows of all steps, into a vector. */
    void sums(NDArray sequence, NDArray into) {
        NDArray rowsOfAll = sequence.view(
                Shape.of((long) steps * rows, sequence.shape().dim(2)),
                new long[] {sequence.shape().dim(2), 1},
                0);
        Dispatch.into(new Sum(List.of(0L), false), new NDArray[] {rowsOfAll}, into);
    }
}
