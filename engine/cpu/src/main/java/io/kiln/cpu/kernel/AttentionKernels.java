package io.kiln.cpu.kernel;

import io.kiln.backend.KernelPlan;
import io.kiln.cpu.EngineThreads;
import io.kiln.cpu.Fallback;
import io.kiln.cpu.onednn.Activation;
import io.kiln.cpu.onednn.MatMul;
import io.kiln.cpu.onednn.PostOps;
import io.kiln.cpu.onednn.Tensor;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.Layout;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.ndarray.internal.Memory;
import io.kiln.op.Copy;
import io.kiln.op.Dispatch;
import io.kiln.op.Operator;
import io.kiln.op.attention.ScaledDotProductAttention;
import io.kiln.op.internal.ScaledDotProductAttentionGradient;
import io.kiln.op.math.Mul;
import io.kiln.op.nn.DropoutOp;
import io.kiln.op.shape.BroadcastTo;
import java.util.Arrays;

/**
 * Attention for float32: oneDNN's batched products, with the scale applied as they are stored; masks and softmax are
 * computed in place. Results have the queries' order of axes, so that heads split off a row can be joined again without
 * a copy.
 */
final class AttentionKernels {
    /** Minimum number of elements for a thread. */
    private static final long GRAIN = 1 << 14;

    private AttentionKernels() {}

    static KernelPlan forward(Operator operator, Layout[] inputs, Spec[] outputs, Fallback fallback) {
        ScaledDotProductAttention op = (ScaledDotProductAttention) operator;
        if (declines(inputs[0], inputs[1], inputs[2])) {
            return null;
        }
        long[][] strides = new long[outputs.length][];
        strides[0] = ordered(inputs[0], outputs[0]);
        return fallback.attempt(operator, strides, (in, out, workspace) -> forward(op, in, out));
    }

    private static boolean forward(ScaledDotProductAttention op, NDArray[] inputs, NDArray... outputs) {
        NDArray y = outputs[0];
        NDArray p = outputs[1];
        try (Scope temporary = Scope.open()) {
            NDArray q = plain(inputs[0]);
            NDArray k = plain(inputs[1]);
            NDArray v = plain(inputs[2]);
            PostOps scaled = PostOps.of(Activation.LINEAR, (float) op.scale(), 0);
            if (!MatMul.run(Operands.of(q), swapped(k), null, Operands.of(p), scaled)) {
                return false;
            }
            boolean[] blind = hide(op, op.masked() ? inputs[3] : null, p);
            int axis = p.shape().rank() - 1;
            if (!SoftmaxKernels.forward(false, axis, Operands.of(p), p)) {
                return false;
            }
            clear(blind, p);
            NDArray used = p;
            if (op.dropout() > 0) {
                NDArray[] dropped = Dispatch.run(new DropoutOp(op.dropout()), p);
                used = dropped[0];
                Dispatch.into(new Copy(), new NDArray[] {dropped[1]}, outputs[2]);
            }
            return MatMul.run(Operands.of(used), Operands.of(v), null, Operands.of(y), PostOps.NONE);
        }
    }

    static KernelPlan backward(Operator operator, Layout[] inputs, Spec[] outputs, Fallback fallback) {
        ScaledDotProductAttentionGradient op = (ScaledDotProductAttentionGradient) operator;
        if (declines(inputs[0], inputs[1], inputs[2], inputs[3], inputs[4])) {
            return null;
        }
        long[][] strides = new long[3][];
        for (int i = 0; i < 3; i++) {
            strides[i] = ordered(inputs[1 + i], outputs[i]);
        }
        Layout p = Layout.rowMajor(inputs[4].spec());
        long bytes = op.dropped() ? DeviceWorkspace.bytes(p, p, p) : DeviceWorkspace.bytes(p);
        return new KernelPlan(
                strides, bytes, (in, out, workspace) -> backward(op, in, new DeviceWorkspace(workspace), out));
    }

    private static void backward(
            ScaledDotProductAttentionGradient op, NDArray[] inputs, DeviceWorkspace workspace, NDArray... d) {
        try (Scope temporary = Scope.open()) {
            NDArray dy = plain(inputs[0]);
            NDArray q = plain(inputs[1]);
            NDArray k = plain(inputs[2]);
            NDArray v = plain(inputs[3]);
            NDArray p = Operands.contiguous(inputs[4]);
            Layout scores = Layout.rowMajor(p.spec());
            NDArray used = op.dropped() ? product(p, inputs[5], workspace.next(scores)) : p;
            NDArray dp = workspace.next(scores);
            MatMul.run(swapped(used), Operands.of(dy), null, Operands.of(d[2]), PostOps.NONE);
            MatMul.run(Operands.of(dy), swapped(v), null, Operands.of(dp), PostOps.NONE);
            NDArray ds = op.dropped() ? product(dp, inputs[5], workspace.next(scores)) : dp;
            SoftmaxKernels.backward((float) op.scale(), p, ds);
            MatMul.run(Operands.of(ds), Operands.of(k), null, Operands.of(d[0]), PostOps.NONE);
            MatMul.run(swapped(ds), Operands.of(q), null, Operands.of(d[1]), PostOps.NONE);
        }
    }

    private static NDArray product(NDArray a, NDArray b, NDArray to) {
        Dispatch.into(new Mul(), new NDArray[] {a, b}, to);
        return to;
    }

    private static boolean declines(Layout... arrays) {
        Shape lead = lead(arrays[0].shape());
        for (Layout a : arrays) {
            if (a.dtype() != DType.FLOAT32
                    || Operands.isEmpty(a)
                    || a.shape().rank() > 4
                    || !lead.equals(lead(a.shape()))) {
                return true;
            }
        }
        return !Operands.served(DType.FLOAT32);
    }

    private static Shape lead(Shape x) {
        return x.without(-1).without(-1);
    }

    /** The array itself if oneDNN can describe it and its last axis is contiguous, or else a copy. */
    private static NDArray plain(NDArray x) {
        int last = x.shape().rank() - 1;
        boolean rows = x.shape().dim(last) == 1 || x.strides()[last] == 1;
        return rows && Operands.of(x).isDescribable() ? x : Operands.copy(x);
    }

    private static Tensor swapped(NDArray x) {
        long[] dims = x.shape().dims();
        long[] strides = x.strides().clone();
        int n = dims.length;
        long d = dims[n - 1];
        dims[n - 1] = dims[n - 2];
        dims[n - 2] = d;
        long s = strides[n - 1];
        strides[n - 1] = strides[n - 2];
        strides[n - 2] = s;
        return new Tensor(x.dtype(), dims, strides, x.address());
    }

    /** Strides of an array whose axes have the same order in memory as another one's; null for row-major. */
    private static long[] ordered(Layout like, Spec spec) {
        int rank = spec.shape().rank();
        if (!like.isDense() || like.shape().rank() != rank) {
            return null;
        }
        Integer[] axes = new Integer[rank];
        Arrays.setAll(axes, i -> i);
        Arrays.sort(axes, (a, b) -> Long.compare(like.strides()[b], like.strides()[a]));
        if (axes[rank - 1] != rank - 1) {
            return null;
        }
        long[] strides = new long[rank];
        long step = 1;
        for (int i = rank - 1; i >= 0; i--) {
            strides[axes[i]] = step;
            step *= spec.shape().dim(axes[i]);
        }
        return strides;
    }

    /** Masks keys in place; returns which rows have none left, or null if every row certainly has one. */
    private static boolean[] hide(ScaledDotProductAttention op, NDArray mask, NDArray scores) {
        if (!op.causal() && mask == null) {
            return null;
        }
        int keys = Math.toIntExact(scores.shape().dim(-1));
        int queries = Math.toIntExact(scores.shape().dim(-2));
        int rows = Math.toIntExact(scores.size() / keys);
        int first = Math.toIntExact(op.lastKeyOfFirst(queries, keys));
        boolean[] blind = new boolean[rows];
        boolean chosen = mask != null && mask.dtype() == DType.BOOL;
        NDArray added = mask == null ? null : Operands.contiguous(chosen ? mask.cast(DType.FLOAT32) : mask);
        long[] dims = scores.shape().dims();
        long[] strides = added == null ? null : BroadcastTo.strides(added.layout(), scores.shape());
        float[] nothing = new float[keys];
        Arrays.fill(nothing, Float.NEGATIVE_INFINITY);
        EngineThreads.parallel().forRange(rows, Math.max(1, GRAIN / keys), (from, to) -> {
            float[] row = new float[2 * keys];
            for (int r = (int) from; r < to; r++) {
                long place = scores.address() + 4L * r * keys;
                int seen = op.causal() ? Math.max(0, Math.min(keys, r % queries + 1 + first)) : keys;
                boolean any = seen > 0;
                if (added != null && seen > 0) {
                    any = apply(
                            row, keys, place, added.address() + 4 * offset(r, dims, strides), strides, chosen, seen);
                }
                Memory.put(nothing, 0, place + 4L * seen, keys - seen);
                blind[r] = !any;
            }
        });
        return blind;
    }

    /** Adds a row of a mask, or masks the keys that it excludes; returns whether a key is left. */
    private static boolean apply(
            float[] row, int keys, long place, long mask, long[] strides, boolean chosen, int seen) {
        boolean same = strides[strides.length - 1] == 0;
        Memory.get(place, row, 0, keys);
        Memory.get(mask, row, keys, same ? 1 : keys);
        if (same) {
            Arrays.fill(row, keys, 2 * keys, row[keys]);
        }
        float hidden = chosen ? 0 : Float.NEGATIVE_INFINITY;
        boolean any = false;
        for (int j = 0; j < seen; j++) {
            float m = row[keys + j];
            if (m == hidden) {
                row[j] = Float.NEGATIVE_INFINITY;
            } else {
                any = true;
                row[j] = chosen ? row[j] : row[j] + m;
            }
        }
        Memory.put(row, 0, place, keys);
        return any;
    }

    /** The offset of row r of the scores in a mask with these strides. */
    private static long offset(long r, long[] dims, long[] strides) {
        long offset = 0;
        long rest = r;
        for (int i = dims.length - 2; i >= 0; i--) {
            offset += rest % dims[i] * strides[i];
            rest /= dims[i];
        }
        return offset;
    }

    /** Sets the weights of queries without keys to 0. */
    private static void clear(boolean[] blind, NDArray p) {
        long bytes = 4 * p.shape().dim(-1);
        for (int r = 0; blind != null && r < blind.length; r++) {
            if (blind[r]) {
                Memory.fill(p.address() + r * bytes, bytes, (byte) 0);
            }
        }
    }
}
