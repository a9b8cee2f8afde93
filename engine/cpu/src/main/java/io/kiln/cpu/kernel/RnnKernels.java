package io.kiln.cpu.kernel;

import io.kiln.backend.KernelPlan;
import io.kiln.cpu.Fallback;
import io.kiln.cpu.onednn.PackedMatMul;
import io.kiln.cpu.onednn.PostOps;
import io.kiln.cpu.onednn.Tensor;
import io.kiln.ndarray.Layout;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Spec;
import io.kiln.ndarray.internal.Memory;
import io.kiln.op.Operator;
import io.kiln.op.activation.Activation;
import io.kiln.op.internal.RecurrentInputs;
import io.kiln.op.internal.RnnGradient;
import io.kiln.op.recurrent.RnnOp;
import java.util.Arrays;

/** The plain recurrent layer for float32, based on {@link Recurrence}. */
final class RnnKernels {
    private RnnKernels() {}

    static KernelPlan forward(Operator operator, Layout[] inputs, Spec[] outputs, Fallback fallback) {
        RnnOp op = (RnnOp) operator;
        if (Recurrence.declines(inputs)) {
            return null;
        }
        RecurrentSpace s = new RecurrentSpace(op.inputs(), inputs);
        Tensor weights = Recurrence.turned(s.matrix(RecurrentInputs.WH));
        s.array(1, s.hidden).packed(s.dense(s.hidden), weights, null, s.dense(s.hidden), postOps(op));
        return new KernelPlan(
                null,
                s.bytes(),
                (in, out, workspace) -> forward(op, DeviceWorkspace.extensible(workspace, in[0]), in, out));
    }

    /** oneDNN's ReLU makes 0 of NaN, so that it is applied here. */
    private static PostOps postOps(RnnOp op) {
        boolean relu = op.activation() == Activation.RELU;
        return OneDnnMatMul.then(PostOps.ACCUMULATE, relu ? Activation.NONE : op.activation());
    }

    private static void forward(RnnOp op, DeviceWorkspace space, NDArray[] inputs, NDArray[] results) {
        NDArray y = results[0];
        try (Scope temporary = Scope.open()) {
            Recurrence r = new Recurrence(space, op.inputs(), op.reverse(), 1, inputs);
            float[] bias = inputs[RecurrentInputs.BI].toFloatArray();
            float[] second = inputs[RecurrentInputs.BH].toFloatArray();
            for (int i = 0; i < bias.length; i++) {
                bias[i] += second[i];
            }
            Recurrence.product(r.inputs(), Recurrence.turned(r.inputWeights), r.row(bias), r.all(y), PostOps.NONE);
            PackedMatMul product = r.packed(
                    r.dense(0, r.hidden),
                    Recurrence.turned(r.recurrentWeights),
                    null,
                    r.dense(0, r.hidden),
                    postOps(op));
            for (int i = 0; i < r.steps; i++) {
                int t = r.step(i);
                long old = r.before(y, t);
                product.run(old, 0, r.at(y, t, 0));
                if (op.activation() == Activation.RELU) {
                    r.eachRow((n, s) -> rectify(r.at(y, t, n), s, r.hidden));
                }
                if (r.hasLengths()) {
                    LstmKernels.keep(r, t, old, r.at(y, t, 0), r.hidden);
                }
            }
        }
    }

    private static void rectify(long address, float[] s, int count) {
        Memory.get(address, s, 0, count);
        for (int j = 0; j < count; j++) {
            s[j] = Math.max(s[j], 0f);
        }
        Memory.put(s, 0, address, count);
    }

    static KernelPlan backward(Operator operator, Layout[] inputs, Spec[] outputs, Fallback fallback) {
        RnnGradient op = (RnnGradient) operator;
        if (Recurrence.declines(inputs)) {
            return null;
        }
        RecurrentInputs kinds = op.forward().inputs();
        RecurrentSpace s = new RecurrentSpace(kinds, Arrays.copyOfRange(inputs, 1, 1 + kinds.count()));
        long h = s.hidden;
        s.contiguous(inputs[0], inputs[1 + kinds.count()]);
        s.array(s.steps, s.rows, h).array(s.rows, h);
        s.packed(s.dense(h), s.matrix(RecurrentInputs.WH), null, s.dense(h), PostOps.ACCUMULATE);
        return new KernelPlan(
                null,
                s.bytes(),
                (in, out, workspace) -> backward(op, DeviceWorkspace.extensible(workspace, in[0]), in, out));
    }

    private static void backward(RnnGradient op, DeviceWorkspace space, NDArray[] inputs, NDArray[] results) {
        RecurrentInputs kinds = op.forward().inputs();
        try (Scope temporary = Scope.open()) {
            NDArray[] given = Arrays.copyOfRange(inputs, 1, 1 + kinds.count());
            Recurrence r = new Recurrence(space, kinds, op.reverse(), 3, given);
            int h = r.hidden;
            NDArray dy = r.contiguous(inputs[0]);
            NDArray y = r.contiguous(inputs[1 + kinds.count()]);
            NDArray dSums = r.empty(r.steps, r.rows, h);
            NDArray dh = r.zeros(r.rows, h);
            PackedMatMul back = r.packed(r.dense(0, h), r.recurrentWeights, null, r.dense(0, h), PostOps.ACCUMULATE);
            for (int i = r.steps - 1; i >= 0; i--) {
                int t = r.step(i);
                r.eachRow((n, s) -> {
                    long here = dh.address() + 4L * n * h;
                    Memory.get(here, s, 0, h);
                    Memory.get(r.at(dy, t, n), s, h, h);
                    for (int j = 0; j < h; j++) {
                        s[j] += s[h + j];
                    }
                    if (r.ended(t, n)) {
                        Memory.put(s, 0, here, h);
                        Memory.fill(r.at(dSums, t, n), 4L * h, (byte) 0);
                        return;
                    }
                    Memory.get(r.at(y, t, n), s, h, h);
                    slope(op.activation(), s, h);
                    Memory.put(s, 0, r.at(dSums, t, n), h);
                    Memory.fill(here, 4L * h, (byte) 0);
                });
                if (!r.isFirst(t) || kinds.states() > 0) {
                    back.run(r.at(dSums, t, 0), 0, dh.address());
                }
            }
            r.inputGradients(dSums, results[0], results[1]);
            r.recurrentWeightGradient(dSums, y, results[2]);
            r.sums(dSums, results[3]);
            if (op.state()) {
                Memory.copy(dh.address(), results[4].address(), 4 * dh.size());
            }
        }
    }

    /** Multiplies the first half by the activation's slope, computed from the result in the second half. */
    private static void slope(Activation activation, float[] s, int h) {
        switch (activation) {
            case NONE -> {}
            case RELU -> {
                for (int j = 0; j < h; j++) {
                    s[j] = s[h + j] > 0 ? s[j] : 0;
                }
            }
            case SIGMOID -> {
                for (int j = 0; j < h; j++) {
                    s[j] *= s[h + j] * (1 - s[h + j]);
                }
            }
            case TANH -> {
                for (int j = 0; j < h; j++) {
                    s[j] *= 1 - s[h + j] * s[h + j];
                }
            }
        }
    }
}
