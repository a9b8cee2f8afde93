package io.kiln.op.recurrent;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.DefaultValue;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.internal.LstmGradient;
import io.kiln.op.internal.RecurrentGradient;
import io.kiln.op.internal.RecurrentInputs;
import io.kiln.op.linalg.Linalg;
import io.kiln.op.math.Elementwise;
import io.kiln.op.math.Masked;
import io.kiln.op.shape.Movement;

/**
 * One direction of one LSTM layer over a sequence (Hochreiter and Schmidhuber 1997, with forget gate):
 * \(i, f, o = \sigma(\cdot)\), \(g = \tanh(\cdot)\) of \(x_t W_i^\top + b_i + h_{t-1} W_h^\top + b_h\),
 * \(c_t = f c_{t-1} + i g\), \(h_t = o \tanh c_t\), with a projection \(h_t = (o \tanh c_t) P^\top\) (Sak et al. 2014).
 * Gates are in the order i, f, g, o, as in libtorch, MXNet and cuDNN.
 *
 * <p>Inputs as in {@link RecurrentInputs} with G = 4. Where lengths are given, a row keeps its states from step
 * length[n] on, so that the last step (with reverse: the first one) has its final states. Outputs: y[T,N,R] and the
 * final cell state [N,H]; with allSteps y[T,N,R], the cell states of all steps [T,N,H] and their gates [T,N,4H].
 *
 * @param reverse whether steps run from last to first
 * @param projected whether there is a projection
 * @param state whether both first states are given; zeros otherwise
 * @param lengths whether lengths are given
 * @param allSteps whether cell states and gates of all steps are returned; a device may have no kernel for that
 */
public record LstmOp(
        boolean reverse, boolean projected, boolean state, boolean lengths, @DefaultValue("true") boolean allSteps)
        implements Operator {
    /**
     * With cell states and gates of all steps.
     *
     * @param reverse whether steps run from last to first
     * @param projected whether there is a projection
     * @param state whether both first states are given; zeros otherwise
     * @param lengths whether lengths are given
     */
    public LstmOp(boolean reverse, boolean projected, boolean state, boolean lengths) {
        this(reverse, projected, state, lengths, true);
    }

    /** {@return which inputs there are} */
    public RecurrentInputs inputs() {
        return new RecurrentInputs(4, projected, state ? 2 : 0, lengths);
    }

    @Override
    public Spec[] infer(Spec... inputs) {
        Spec y = inputs().check(name(), inputs);
        long rows = inputs[RecurrentInputs.WI].shape().dim(0);
        if (!allSteps) {
            return new Spec[] {y, new Spec(y.shape().without(0).with(1, rows / 4), y.dtype())};
        }
        return new Spec[] {
            y,
            new Spec(y.shape().with(2, rows / 4), y.dtype()),
            new Spec(y.shape().with(2, rows), y.dtype())
        };
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        return inputs().flops(inputs);
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        int given = inputs().count();
        NDArray dy = c.outputGradient(0);
        NDArray dc = c.outputGradient(1);
        if (dy == null && dc == null) {
            return new NDArray[given];
        }
        int outputs = allSteps ? 3 : 2;
        NDArray[] in = new NDArray[given + outputs + (dc == null ? 1 : 2)];
        in[0] = dy != null
                ? dy
                : Dispatch.one(new Masked(false), c.output(0), Elementwise.lt(c.output(0), c.output(0)));
        int next = 1;
        if (dc != null) {
            in[next++] = dc;
        }
        for (int i = 0; i < given; i++) {
            in[next++] = c.input(i);
        }
        for (int i = 0; i < outputs; i++) {
            in[next++] = c.output(i);
        }
        NDArray[] d = c.run(new LstmGradient(reverse, projected, state, lengths, dc != null, allSteps), in);
        return RecurrentGradient.spread(d, given, true);
    }

    @Override
    public NDArray[] compose(NDArray... in) {
        RecurrentInputs inputs = inputs();
        long h = inputs.hidden(in[RecurrentInputs.WI].shape());
        long n = in[RecurrentInputs.X].shape().dim(1);
        NDArray fromInputs = RecurrentInputs.project(in[0], in[RecurrentInputs.WI], in[RecurrentInputs.BI]);
        NDArray hidden =
                inputs.first(0, Shape.of(n, in[RecurrentInputs.WH].shape().dim(1)), in);
        NDArray cell = inputs.first(1, Shape.of(n, h), in);
        int[] order = RecurrentInputs.order(in[0].shape().dim(0), reverse);
        NDArray[] y = new NDArray[order.length];
        NDArray[] cells = new NDArray[order.length];
        NDArray[] gates = new NDArray[order.length];
        for (int t : order) {
            NDArray all = RecurrentInputs.at(fromInputs, t)
                    .add(RecurrentInputs.project(hidden, in[RecurrentInputs.WH], in[RecurrentInputs.BH]));
            NDArray i = Elementwise.sigmoid(RecurrentInputs.gate(all, 0, h));
            NDArray f = Elementwise.sigmoid(RecurrentInputs.gate(all, 1, h));
            NDArray g = Elementwise.tanh(RecurrentInputs.gate(all, 2, h));
            NDArray o = Elementwise.sigmoid(RecurrentInputs.gate(all, 3, h));
            NDArray nextCell = f.mul(cell).add(i.mul(g));
            NDArray next = o.mul(Elementwise.tanh(nextCell));
            if (projected) {
                next = next.matmul(Linalg.matrixTranspose(inputs.projection(in)));
            }
            cell = RecurrentInputs.carry(inputs.lengths(in), t, nextCell, cell);
            hidden = RecurrentInputs.carry(inputs.lengths(in), t, next, hidden);
            y[t] = hidden;
            if (allSteps) {
                cells[t] = cell;
                gates[t] = Movement.concat(1, i, f, g, o);
            }
        }
        NDArray states =
                RecurrentInputs.stack(y, in[0], in[RecurrentInputs.WH].shape().dim(1));
        if (!allSteps) {
            return new NDArray[] {states, cell};
        }
        return new NDArray[] {states, RecurrentInputs.stack(cells, in[0], h), RecurrentInputs.stack(gates, in[0], 4 * h)
        };
    }
}
