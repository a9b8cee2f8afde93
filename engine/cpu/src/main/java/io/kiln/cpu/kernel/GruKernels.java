package io.kiln.cpu.kernel;

import io.kiln.backend.Backend;
import io.kiln.backend.KernelPlan;
import io.kiln.cpu.Fallback;
import io.kiln.cpu.onednn.Activation;
import io.kiln.cpu.onednn.Elementwise;
import io.kiln.cpu.onednn.PackedMatMul;
import io.kiln.cpu.onednn.PostOps;
import io.kiln.cpu.onednn.Tensor;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.Layout;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Spec;
import io.kiln.ndarray.internal.Memory;
import io.kiln.op.Operator;
import io.kiln.op.internal.FromResiduals;
import io.kiln.op.internal.GruGradient;
import io.kiln.op.internal.Keeping;
import io.kiln.op.internal.RecurrentInputs;
import io.kiln.op.recurrent.GruOp;
import java.util.Arrays;

/** The GRU for float32, based on {@link Recurrence}. */
final class GruKernels {
    private GruKernels() {}

    /** The gates of all steps, unless they are results; nothing where the gradient's kernel declines. */
    static Spec[] residuals(Operator operator, Spec... inputs) {
        GruOp op = (GruOp) operator;
        if (op.allSteps() || !op.linearBeforeReset() || Recurrence.declines(inputs)) {
            return Backend.NO_RESIDUALS;
        }
        return new Spec[] {new GruOp(op.reverse(), op.state(), op.lengths()).infer(inputs)[1]};
    }

    static KernelPlan forward(Operator operator, Layout[] inputs, Spec[] outputs, Fallback fallback) {
        GruOp op = (GruOp) operator;
        return forward(op, op.allSteps(), inputs);
    }

    static KernelPlan keeping(Operator operator, Layout[] inputs, Spec[] outputs, Fallback fallback) {
        return ((Keeping) operator).operator() instanceof GruOp op ? forward(op, true, inputs) : null;
    }

    private static KernelPlan forward(GruOp op, boolean keeping, Layout... inputs) {
        if (Recurrence.declines(inputs)) {
            return null;
        }
        return new KernelPlan(
                null,
                bytes(op, keeping, inputs),
                (in, out, workspace) -> forward(op, DeviceWorkspace.extensible(workspace, in[0]), in, out));
    }

    private static long bytes(GruOp op, boolean keeping, Layout... inputs) {
        RecurrentSpace s = new RecurrentSpace(op.inputs(), inputs);
        long h = s.hidden;
        if (!keeping) {
            s.array(s.steps, s.rows, 4 * h);
        }
        Tensor weights = s.matrix(RecurrentInputs.WH);
        s.packed(
                s.dense(h),
                Recurrence.turned(Recurrence.part(weights, 0, 2 * h)),
                null,
                s.step(4 * h, 0, 2 * h),
                PostOps.accumulateThen(Activation.LOGISTIC));
        s.packed(
                s.dense(h),
                Recurrence.turned(Recurrence.part(weights, 2 * h, 3 * h)),
                Tensor.rowMajor(DType.FLOAT32, 0, 1, h),
                s.step(4 * h, 3 * h, 4 * h),
                PostOps.NONE);
        s.array(1, h).array(1, 3 * h).array(s.rows, h);
        return op.linearBeforeReset() ? s.bytes() : s.array(s.rows, h).bytes();
    }

    private static void forward(GruOp op, DeviceWorkspace space, NDArray[] inputs, NDArray[] results) {
        NDArray y = results[0];
        try (Scope temporary = Scope.open()) {
            Recurrence r = new Recurrence(space, op.inputs(), op.reverse(), 5, inputs);
            int h = r.hidden;
            NDArray gates = results.length > 1 ? results[1] : r.empty(r.steps, r.rows, 4L * h);
            float[] bias = inputs[RecurrentInputs.BI].toFloatArray();
            float[] second = inputs[RecurrentInputs.BH].toFloatArray();
            for (int i = 0; i < 2 * h; i++) {
                bias[i] += second[i];
            }
            NDArray inner = r.row(Arrays.copyOfRange(second, 2 * h, 3 * h));
            Recurrence.product(
                    r.inputs(), Recurrence.turned(r.inputWeights), r.row(bias), r.all(gates, 0, 3L * h), PostOps.NONE);
            PackedMatMul resetUpdate = r.packed(
                    r.dense(0, h),
                    Recurrence.turned(Recurrence.part(r.recurrentWeights, 0, 2L * h)),
                    null,
                    r.step(gates, 0, 2L * h),
                    PostOps.accumulateThen(Activation.LOGISTIC));
            PackedMatMul candidate = r.packed(
                    r.dense(0, h),
                    Recurrence.turned(Recurrence.part(r.recurrentWeights, 2L * h, 3L * h)),
                    inner,
                    r.step(gates, 3L * h, 4L * h),
                    PostOps.NONE);
            NDArray squashed = r.empty(r.rows, h);
            boolean linear = op.linearBeforeReset();
            NDArray kept = linear ? null : r.empty(r.rows, h);
            for (int i = 0; i < r.steps; i++) {
                int t = r.step(i);
                long old = r.before(y, t);
                long a = r.at(gates, t, 0);
                resetUpdate.run(old, 0, a);
                if (linear) {
                    candidate.run(old, inner.address(), a + 12L * h);
                    r.eachRow((n, s) -> sum(h, s, r.at(gates, t, n), squashed.address() + 4L * n * h));
                } else {
                    r.eachRow((n, s) -> reset(h, s, r.at(gates, t, n), old + 4L * n * h, kept.address() + 4L * n * h));
                    candidate.run(kept.address(), inner.address(), a + 12L * h);
                    r.eachRow((n, s) -> plainSum(h, s, r.at(gates, t, n), squashed.address() + 4L * n * h));
                }
                Elementwise.forward(Activation.TANH, 0, 0, Operands.flat(squashed), Operands.flat(squashed));
                r.eachRow((n, s) -> state(
                        h, s, r.at(gates, t, n), squashed.address() + 4L * n * h, old + 4L * n * h, r.at(y, t, n)));
                if (r.hasLengths()) {
                    LstmKernels.keep(r, t, old, r.at(y, t, 0), h);
                }
            }
        }
    }

    /** The input part of n, plus r times the recurrent product. */
    private static void sum(int h, float[] s, long gates, long target) {
        Memory.get(gates, s, 0, 4 * h);
        for (int j = 0; j < h; j++) {
            s[4 * h + j] = s[2 * h + j] + s[j] * s[3 * h + j];
        }
        Memory.put(s, 4 * h, target, h);
    }

    /** r times the old state. */
    private static void reset(int h, float[] s, long gates, long old, long target) {
        Memory.get(gates, s, 0, h);
        Memory.get(old, s, h, h);
        for (int j = 0; j < h; j++) {
            s[2 * h + j] = s[j] * s[h + j];
        }
        Memory.put(s, 2 * h, target, h);
    }

    /** The input part of n, plus the recurrent product. */
    private static void plainSum(int h, float[] s, long gates, long target) {
        Memory.get(gates + 8L * h, s, 0, 2 * h);
        for (int j = 0; j < h; j++) {
            s[2 * h + j] = s[j] + s[h + j];
        }
        Memory.put(s, 2 * h, target, h);
    }

    /** h = n + z (h - n). */
    private static void state(int h, float[] s, long gates, long squashed, long old, long target) {
        Memory.get(gates + 4L * h, s, 0, h);
        Memory.get(squashed, s, h, h);
        Memory.get(old, s, 2 * h, h);
        for (int j = 0; j < h; j++) {
            float n = s[h + j];
            s[3 * h + j] = n + s[j] * (s[2 * h + j] - n);
        }
        Memory.put(s, h, gates + 8L * h, h);
        Memory.put(s, 3 * h, target, h);
    }

    static KernelPlan backward(Operator operator, Layout[] inputs, Spec[] outputs, Fallback fallback) {
        GruGradient op = (GruGradient) operator;
        return op.allSteps() ? backward(op, inputs) : null;
    }

    static KernelPlan fromResiduals(Operator operator, Layout[] inputs, Spec[] outputs, Fallback fallback) {
        return ((FromResiduals) operator).gradient() instanceof GruGradient op ? backward(op, inputs) : null;
    }

    private static KernelPlan backward(GruGradient op, Layout... inputs) {
        if (Recurrence.declines(inputs) || !op.linearBeforeReset()) {
            return null;
        }
        return new KernelPlan(
                null,
                bytes(op, inputs),
                (in, out, workspace) -> backward(op, DeviceWorkspace.extensible(workspace, in[0]), in, out));
    }

    private static long bytes(GruGradient op, Layout... inputs) {
        RecurrentInputs kinds = op.forward().inputs();
        RecurrentSpace s = new RecurrentSpace(kinds, Arrays.copyOfRange(inputs, 1, 1 + kinds.count()));
        long h = s.hidden;
        s.contiguous(inputs[0], inputs[1 + kinds.count()], inputs[2 + kinds.count()]);
        s.array(s.steps, s.rows, 3 * h).array(s.steps, s.rows, 3 * h).array(s.rows, h);
        Tensor weights = s.matrix(RecurrentInputs.WH);
        return s.packed(s.dense(3 * h), weights, null, s.dense(h), PostOps.ACCUMULATE)
                .bytes();
    }

    private static void backward(GruGradient op, DeviceWorkspace space, NDArray[] inputs, NDArray[] results) {
        RecurrentInputs kinds = op.forward().inputs();
        try (Scope temporary = Scope.open()) {
            NDArray[] given = Arrays.copyOfRange(inputs, 1, 1 + kinds.count());
            Recurrence r = new Recurrence(space, kinds, op.reverse(), 14, given);
            int h = r.hidden;
            NDArray dy = r.contiguous(inputs[0]);
            NDArray y = r.contiguous(inputs[1 + kinds.count()]);
            NDArray gates = r.contiguous(inputs[2 + kinds.count()]);
            NDArray dInput = r.empty(r.steps, r.rows, 3L * h);
            NDArray dRecurrent = r.empty(r.steps, r.rows, 3L * h);
            NDArray dh = r.zeros(r.rows, h);
            PackedMatMul back =
                    r.packed(r.dense(0, 3L * h), r.recurrentWeights, null, r.dense(0, h), PostOps.ACCUMULATE);
            for (int i = r.steps - 1; i >= 0; i--) {
                int t = r.step(i);
                long old = r.before(y, t);
                r.eachRow((n, s) -> {
                    long here = dh.address() + 4L * n * h;
                    Memory.get(here, s, 0, h);
                    Memory.get(r.at(dy, t, n), s, h, h);
                    if (r.ended(t, n)) {
                        for (int j = 0; j < h; j++) {
                            s[j] += s[h + j];
                        }
                        Memory.put(s, 0, here, h);
                        Memory.fill(r.at(dInput, t, n), 12L * h, (byte) 0);
                        Memory.fill(r.at(dRecurrent, t, n), 12L * h, (byte) 0);
                        return;
                    }
                    Memory.get(r.at(gates, t, n), s, 2 * h, 4 * h);
                    Memory.get(old + 4L * n * h, s, 6 * h, h);
                    gates(s, h);
                    Memory.put(s, 7 * h, r.at(dInput, t, n), 3 * h);
                    Memory.put(s, 10 * h, r.at(dRecurrent, t, n), 3 * h);
                    Memory.put(s, 13 * h, here, h);
                });
                if (!r.isFirst(t) || kinds.states() > 0) {
                    back.run(r.at(dRecurrent, t, 0), 0, dh.address());
                }
            }
            r.inputGradients(dInput, results[0], results[1]);
            r.recurrentWeightGradient(dRecurrent, y, results[2]);
            r.sums(dInput, results[3]);
            r.sums(dRecurrent, results[4]);
            if (op.state()) {
                Memory.copy(dh.address(), results[5].address(), 4 * dh.size());
            }
        }
    }

    /**
     * Computes from dh, dy, r, z, n, inner, old h the gradients of the inputs' sums, of the states' sums, and of the
     * old h.
     */
    private static void gates(float[] s, int h) {
        for (int j = 0; j < h; j++) {
            float d = s[j] + s[h + j];
            float r = s[2 * h + j];
            float z = s[3 * h + j];
            float n = s[4 * h + j];
            float dn = d * (1 - z) * (1 - n * n);
            float dr = dn * s[5 * h + j] * r * (1 - r);
            float dz = d * (s[6 * h + j] - n) * z * (1 - z);
            s[7 * h + j] = dr;
            s[8 * h + j] = dz;
            s[9 * h + j] = dn;
            s[10 * h + j] = dr;
            s[11 * h + j] = dz;
            s[12 * h + j] = dn * r;
            s[13 * h + j] = d * z;
        }
    }
}
