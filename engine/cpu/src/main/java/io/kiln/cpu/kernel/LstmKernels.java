package io.kiln.cpu.kernel;

import io.kiln.backend.Backend;
import io.kiln.backend.KernelPlan;
import io.kiln.cpu.Fallback;
import io.kiln.cpu.onednn.Activation;
import io.kiln.cpu.onednn.Elementwise;
import io.kiln.cpu.onednn.PackedMatMul;
import io.kiln.cpu.onednn.PostOps;
import io.kiln.cpu.onednn.Tensor;
import io.kiln.ndarray.Layout;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Spec;
import io.kiln.ndarray.internal.Memory;
import io.kiln.op.Operator;
import io.kiln.op.internal.FromResiduals;
import io.kiln.op.internal.Keeping;
import io.kiln.op.internal.LstmGradient;
import io.kiln.op.internal.RecurrentInputs;
import io.kiln.op.recurrent.LstmOp;
import java.util.Arrays;

/**
 * The LSTM for float32. A step's recurrent product adds to the inputs' contribution and applies the gates' activations
 * before it stores; row loops then compute cell and state from the gates.
 */
final class LstmKernels {
    private LstmKernels() {}

    /** Of all steps the cell states and the gates, unless they are results, and tanh of the cell states. */
    static Spec[] residuals(Operator operator, Spec... inputs) {
        if (Recurrence.declines(inputs)) {
            return Backend.NO_RESIDUALS;
        }
        LstmOp op = (LstmOp) operator;
        Spec[] all = new LstmOp(op.reverse(), op.projected(), op.state(), op.lengths()).infer(inputs);
        return op.allSteps() ? new Spec[] {all[1]} : new Spec[] {all[1], all[2], all[1]};
    }

    static KernelPlan forward(Operator operator, Layout[] inputs, Spec[] outputs, Fallback fallback) {
        return forward((LstmOp) operator, false, inputs);
    }

    static KernelPlan keeping(Operator operator, Layout[] inputs, Spec[] outputs, Fallback fallback) {
        return ((Keeping) operator).operator() instanceof LstmOp op ? forward(op, true, inputs) : null;
    }

    private static KernelPlan forward(LstmOp op, boolean keeping, Layout... inputs) {
        if (Recurrence.declines(inputs)) {
            return null;
        }
        return new KernelPlan(
                null,
                bytes(op, keeping, inputs),
                (in, out, workspace) -> forward(op, DeviceWorkspace.extensible(workspace, in[0]), in, out));
    }

    private static long bytes(LstmOp op, boolean keeping, Layout... inputs) {
        RecurrentInputs kinds = op.inputs();
        RecurrentSpace s = new RecurrentSpace(kinds, inputs);
        long h = s.hidden;
        if (!op.allSteps() && !keeping) {
            s.array(s.steps, s.rows, h).array(s.steps, s.rows, 4 * h);
        }
        gate(s, h, 0, 2, Activation.LOGISTIC);
        gate(s, h, 2, 3, Activation.TANH);
        gate(s, h, 3, 4, Activation.LOGISTIC);
        s.array(1, 4 * h).first(kinds, 1, h);
        if (!keeping) {
            s.array(s.rows, h);
        }
        if (kinds.projected()) {
            int projection = RecurrentInputs.PROJECTION;
            s.described(inputs[projection]).array(s.rows, h);
            Tensor turned = Recurrence.turned(s.matrix(projection));
            s.packed(s.dense(h), turned, null, s.dense(s.state), PostOps.NONE);
        }
        return s.bytes();
    }

    private static void gate(RecurrentSpace s, long h, int from, int to, Activation activation) {
        Tensor weights = Recurrence.part(s.matrix(RecurrentInputs.WH), from * h, to * h);
        Tensor gates = s.step(4 * h, from * h, to * h);
        s.packed(s.dense(s.state), Recurrence.turned(weights), null, gates, PostOps.accumulateThen(activation));
    }

    private static void forward(LstmOp op, DeviceWorkspace space, NDArray[] inputs, NDArray[] results) {
        NDArray y = results[0];
        try (Scope temporary = Scope.open()) {
            RecurrentInputs kinds = op.inputs();
            Recurrence r = new Recurrence(space, kinds, op.reverse(), 5, inputs);
            int h = r.hidden;
            int behind = op.allSteps() ? 1 : 2;
            boolean given = results.length > behind;
            NDArray cells = given ? results[behind] : r.empty(r.steps, r.rows, h);
            NDArray gates = given ? results[behind + 1] : r.empty(r.steps, r.rows, 4L * h);
            float[] bias = inputs[RecurrentInputs.BI].toFloatArray();
            float[] second = inputs[RecurrentInputs.BH].toFloatArray();
            for (int i = 0; i < bias.length; i++) {
                bias[i] += second[i];
            }
            Recurrence.product(r.inputs(), Recurrence.turned(r.inputWeights), r.row(bias), r.all(gates), PostOps.NONE);
            PackedMatMul inputForget = gate(r, gates, 0, 2, Activation.LOGISTIC);
            PackedMatMul candidate = gate(r, gates, 2, 3, Activation.TANH);
            PackedMatMul output = gate(r, gates, 3, 4, Activation.LOGISTIC);
            NDArray kept = results.length > behind + 2 ? results[behind + 2] : null;
            NDArray scratch = kept == null ? r.empty(r.rows, h) : null;
            NDArray projection = kinds.projection(inputs);
            NDArray before = projection == null ? null : r.empty(r.rows, h);
            PackedMatMul project = projection == null
                    ? null
                    : r.packed(
                            r.dense(0, h),
                            Recurrence.turned(r.read(projection)),
                            null,
                            r.dense(0, r.state),
                            PostOps.NONE);
            NDArray c = kinds.state(1, inputs);
            NDArray firstCell = c == null ? r.zeros(r.rows, h) : r.contiguous(c);
            long cell = firstCell.address();
            for (int i = 0; i < r.steps; i++) {
                int t = r.step(i);
                long old = r.before(y, t);
                long oldCell = cell;
                long a = r.at(gates, t, 0);
                inputForget.run(old, 0, a);
                candidate.run(old, 0, a + 8L * h);
                output.run(old, 0, a + 12L * h);
                cell = r.at(cells, t, 0);
                long newCell = cell;
                r.eachRow((n, s) -> cell(r, s, r.at(gates, t, n), oldCell + 4L * n * h, newCell + 4L * n * h));
                long squashed = kept == null ? scratch.address() : r.at(kept, t, 0);
                Elementwise.forward(Activation.TANH, 0, 0, r.flat(cell), r.flat(squashed));
                long target = project == null ? r.at(y, t, 0) : before.address();
                r.eachRow((n, s) -> state(r, s, r.at(gates, t, n), squashed + 4L * n * h, target + 4L * n * h));
                if (project != null) {
                    project.run(before.address(), 0, r.at(y, t, 0));
                }
                if (r.hasLengths()) {
                    keep(r, t, oldCell, newCell, h);
                    keep(r, t, old, r.at(y, t, 0), r.state);
                }
            }
            if (!op.allSteps()) {
                Memory.copy(cell, results[1].address(), 4L * r.rows * h);
            }
        }
    }

    private static PackedMatMul gate(Recurrence r, NDArray gates, int from, int to, Activation activation) {
        long h = r.hidden;
        Tensor weights = Recurrence.part(r.recurrentWeights, from * h, to * h);
        return r.packed(
                r.dense(0, r.state),
                Recurrence.turned(weights),
                null,
                r.step(gates, from * h, to * h),
                PostOps.accumulateThen(activation));
    }

    /** c = f c + i g. */
    private static void cell(Recurrence r, float[] s, long gates, long old, long cell) {
        int h = r.hidden;
        Memory.get(gates, s, 0, 3 * h);
        Memory.get(old, s, 3 * h, h);
        for (int j = 0; j < h; j++) {
            s[4 * h + j] = s[h + j] * s[3 * h + j] + s[j] * s[2 * h + j];
        }
        Memory.put(s, 4 * h, cell, h);
    }

    /** h = o tanh c. */
    private static void state(Recurrence r, float[] s, long gates, long squashed, long target) {
        int h = r.hidden;
        Memory.get(gates + 12L * h, s, 0, h);
        Memory.get(squashed, s, h, h);
        for (int j = 0; j < h; j++) {
            s[j] *= s[h + j];
        }
        Memory.put(s, 0, target, h);
    }

    /** Rows that have ended keep their values. */
    static void keep(Recurrence r, int t, long old, long now, int width) {
        for (int n = 0; n < r.rows; n++) {
            if (r.ended(t, n)) {
                Memory.copy(old + 4L * n * width, now + 4L * n * width, 4L * width);
            }
        }
    }

    static KernelPlan backward(Operator operator, Layout[] inputs, Spec[] outputs, Fallback fallback) {
        LstmGradient op = (LstmGradient) operator;
        return op.allSteps() ? backward(op, false, inputs) : null;
    }

    static KernelPlan fromResiduals(Operator operator, Layout[] inputs, Spec[] outputs, Fallback fallback) {
        return ((FromResiduals) operator).gradient() instanceof LstmGradient op ? backward(op, true, inputs) : null;
    }

    private static KernelPlan backward(LstmGradient op, boolean kept, Layout... inputs) {
        if (Recurrence.declines(inputs)) {
            return null;
        }
        return new KernelPlan(
                null,
                bytes(op, kept, inputs),
                (in, out, workspace) -> backward(op, DeviceWorkspace.extensible(workspace, in[0]), in, out));
    }

    private static long bytes(LstmGradient op, boolean kept, Layout... inputs) {
        RecurrentInputs kinds = op.forward().inputs();
        int from = op.offset();
        RecurrentSpace s = new RecurrentSpace(kinds, Arrays.copyOfRange(inputs, from, from + kinds.count()));
        long h = s.hidden;
        int results = from + kinds.count();
        s.contiguous(Arrays.copyOfRange(inputs, 0, from)).contiguous(inputs[results]);
        s.contiguous(Arrays.copyOfRange(inputs, results + (op.allSteps() ? 1 : 2), inputs.length));
        if (!kept) {
            s.array(s.steps, s.rows, h);
        }
        s.array(s.steps, s.rows, 4 * h);
        s.array(s.rows, s.state).array(s.rows, h).first(kinds, 1, h);
        Tensor weights = s.matrix(RecurrentInputs.WH);
        s.packed(s.dense(4 * h), weights, null, s.dense(s.state), PostOps.ACCUMULATE);
        if (kinds.projected()) {
            int projection = RecurrentInputs.PROJECTION;
            s.described(inputs[from + projection]);
            s.array(s.steps, s.rows, s.state).array(s.rows, h).array(s.steps, s.rows, h);
            s.packed(s.dense(s.state), s.matrix(projection), null, s.dense(h), PostOps.NONE);
        }
        return s.bytes();
    }

    private static void backward(LstmGradient op, DeviceWorkspace space, NDArray[] inputs, NDArray[] results) {
        try (Scope temporary = Scope.open()) {
            new Backward(op, space, inputs).run(results);
        }
    }

    /** The backward pass over the steps, from the last one to the first. */
    private static final class Backward {
        private final LstmGradient op;
        private final RecurrentInputs kinds;
        private final NDArray[] given;
        private final Recurrence r;
        private final NDArray dy;
        private final NDArray dCells;
        private final NDArray y;
        private final NDArray cells;
        private final NDArray gates;
        private final NDArray squashed;
        private final NDArray dGates;
        private final NDArray dh;
        private final NDArray dc;
        private final NDArray projection;
        private final NDArray firstCell;

        Backward(LstmGradient op, DeviceWorkspace space, NDArray... inputs) {
            this.op = op;
            kinds = op.forward().inputs();
            int from = op.offset();
            given = Arrays.copyOfRange(inputs, from, from + kinds.count());
            r = new Recurrence(space, kinds, op.reverse(), 13, given);
            dy = r.contiguous(inputs[0]);
            dCells = op.cells() ? r.contiguous(inputs[1]) : null;
            int outputs = from + kinds.count();
            int behind = outputs + (op.allSteps() ? 1 : 2);
            y = r.contiguous(inputs[outputs]);
            cells = r.contiguous(inputs[behind]);
            gates = r.contiguous(inputs[behind + 1]);
            squashed = inputs.length > behind + 2 ? r.contiguous(inputs[behind + 2]) : squashed();
            dGates = r.empty(r.steps, r.rows, 4L * r.hidden);
            dh = r.zeros(r.rows, r.state);
            dc = r.zeros(r.rows, r.hidden);
            projection = kinds.projection(given);
            NDArray c = kinds.state(1, given);
            firstCell = c == null ? r.zeros(r.rows, r.hidden) : r.contiguous(c);
        }

        private NDArray squashed() {
            NDArray result = r.empty(r.steps, r.rows, r.hidden);
            Elementwise.forward(Activation.TANH, 0, 0, Operands.flat(cells), Operands.flat(result));
            return result;
        }

        void run(NDArray... results) {
            long width = 4L * r.hidden;
            PackedMatMul back =
                    r.packed(r.dense(0, width), r.recurrentWeights, null, r.dense(0, r.state), PostOps.ACCUMULATE);
            boolean projected = projection != null;
            NDArray dStates = projected ? r.empty(r.steps, r.rows, r.state) : null;
            NDArray dm = projected ? r.empty(r.rows, r.hidden) : null;
            PackedMatMul unproject = projected
                    ? r.packed(r.dense(0, r.state), r.read(projection), null, r.dense(0, r.hidden), PostOps.NONE)
                    : null;
            for (int i = r.steps - 1; i >= 0; i--) {
                int t = r.step(i);
                r.eachRow((n, s) -> sum(s, t, n, projected ? dStates : null));
                if (projected) {
                    unproject.run(r.at(dStates, t, 0), 0, dm.address());
                }
                long dState = projected ? dm.address() : 0;
                r.eachRow((n, s) -> step(s, t, n, dState));
                if (!r.isFirst(t) || kinds.states() > 0) {
                    back.run(r.at(dGates, t, 0), 0, dh.address());
                }
            }
            r.inputGradients(dGates, results[0], results[1]);
            r.recurrentWeightGradient(dGates, y, results[2]);
            r.sums(dGates, results[3]);
            int next = 4;
            if (projected) {
                NDArray m = r.empty(r.steps, r.rows, r.hidden);
                for (int t = 0; t < r.steps; t++) {
                    int step = t;
                    r.eachRow((n, s) -> state(r, s, r.at(gates, step, n), r.at(squashed, step, n), r.at(m, step, n)));
                }
                Recurrence.product(
                        Recurrence.turned(r.all(dStates)), r.all(m), null, Operands.of(results[next++]), PostOps.NONE);
            }
            if (op.state()) {
                Memory.copy(dh.address(), results[next].address(), 4 * dh.size());
                Memory.copy(dc.address(), results[next + 1].address(), 4 * dc.size());
            }
        }

        /** Adds the gradient of a step's output to that of the state; with a projection it is kept separately. */
        private void sum(float[] s, int t, int n, NDArray apart) {
            int size = r.state;
            long here = dh.address() + 4L * n * size;
            Memory.get(here, s, 0, size);
            Memory.get(r.at(dy, t, n), s, size, size);
            for (int j = 0; j < size; j++) {
                s[j] += s[size + j];
            }
            Memory.put(s, 0, here, size);
            if (apart != null) {
                if (r.ended(t, n)) {
                    Memory.fill(r.at(apart, t, n), 4L * size, (byte) 0);
                } else {
                    Memory.put(s, 0, r.at(apart, t, n), size);
                }
            }
        }

        /**
         * Computes the gradients of a row's gates; the state's gradient becomes that of the previous step, except for
         * the product.
         */
        private void step(float[] s, int t, int n, long dState) {
            int h = r.hidden;
            long dcHere = dc.address() + 4L * n * h;
            long dhHere = dh.address() + 4L * n * r.state;
            Memory.get(dcHere, s, 0, h);
            if (dCells != null && (op.allSteps() || t == r.step(r.steps - 1))) {
                Memory.get(op.allSteps() ? r.at(dCells, t, n) : dCells.address() + 4L * n * h, s, h, h);
                for (int j = 0; j < h; j++) {
                    s[j] += s[h + j];
                }
            }
            if (r.ended(t, n)) {
                Memory.put(s, 0, dcHere, h);
                Memory.fill(r.at(dGates, t, n), 16L * h, (byte) 0);
                return;
            }
            Memory.get(dState == 0 ? dhHere : dState + 4L * n * h, s, h, h);
            Memory.get(r.at(squashed, t, n), s, 2 * h, h);
            Memory.get(r.at(gates, t, n), s, 3 * h, 4 * h);
            int previous = op.reverse() ? t + 1 : t - 1;
            Memory.get(r.isFirst(t) ? firstCell.address() + 4L * n * h : r.at(cells, previous, n), s, 7 * h, h);
            gates(s, h);
            Memory.put(s, 8 * h, r.at(dGates, t, n), 4 * h);
            Memory.put(s, 12 * h, dcHere, h);
            Memory.fill(dhHere, 4L * r.state, (byte) 0);
        }

        /**
         * Computes from dc, dh, tanh c, i, f, g, o, old c the gradients of the gates' sums and of the old c, in this
         * order.
         */
        private static void gates(float[] s, int h) {
            for (int j = 0; j < h; j++) {
                float q = s[2 * h + j];
                float o = s[6 * h + j];
                float d = s[h + j];
                s[11 * h + j] = d * q * o * (1 - o);
                s[j] += d * o * (1 - q * q);
            }
            for (int j = 0; j < h; j++) {
                float d = s[j];
                float i = s[3 * h + j];
                float f = s[4 * h + j];
                float g = s[5 * h + j];
                s[8 * h + j] = d * g * i * (1 - i);
                s[9 * h + j] = d * s[7 * h + j] * f * (1 - f);
                s[10 * h + j] = d * i * (1 - g * g);
                s[12 * h + j] = d * f;
            }
        }
    }
}
