package io.kiln.op.recurrent;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.activation.Activation;
import io.kiln.op.internal.RecurrentGradient;
import io.kiln.op.internal.RecurrentInputs;
import io.kiln.op.internal.RnnGradient;

/**
 * One direction of one plain recurrent layer over a sequence (Elman 1990):
 * \(h_t = \mathrm{act}(x_t W_i^\top + b_i + h_{t-1} W_h^\top + b_h)\). Inputs as in {@link RecurrentInputs} with G = 1.
 * Where lengths are given, a row keeps its state from step length[n] on. Output: y[T,N,H].
 *
 * @param activation applied to the sum
 * @param reverse whether steps run from last to first
 * @param state whether the first state is given; zeros otherwise
 * @param lengths whether lengths are given
 */
public record RnnOp(Activation activation, boolean reverse, boolean state, boolean lengths) implements Operator {
    /** {@return which inputs there are} */
    public RecurrentInputs inputs() {
        return new RecurrentInputs(1, false, state ? 1 : 0, lengths);
    }

    @Override
    public Spec[] infer(Spec... inputs) {
        return new Spec[] {inputs().check(name(), inputs)};
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        return inputs().flops(inputs);
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        int given = inputs().count();
        NDArray[] in = new NDArray[given + 2];
        in[0] = c.outputGradient(0);
        for (int i = 0; i < given; i++) {
            in[1 + i] = c.input(i);
        }
        in[given + 1] = c.output(0);
        NDArray[] d = c.run(new RnnGradient(activation, reverse, state, lengths), in);
        return RecurrentGradient.spread(d, given, true);
    }

    @Override
    public NDArray[] compose(NDArray... in) {
        RecurrentInputs inputs = inputs();
        long h = in[RecurrentInputs.WH].shape().dim(1);
        NDArray fromInputs = RecurrentInputs.project(in[0], in[RecurrentInputs.WI], in[RecurrentInputs.BI]);
        NDArray hidden = inputs.first(0, Shape.of(in[0].shape().dim(1), h), in);
        int[] order = RecurrentInputs.order(in[0].shape().dim(0), reverse);
        NDArray[] y = new NDArray[order.length];
        for (int t : order) {
            NDArray next = activation.apply(RecurrentInputs.at(fromInputs, t)
                    .add(RecurrentInputs.project(hidden, in[RecurrentInputs.WH], in[RecurrentInputs.BH])));
            hidden = RecurrentInputs.carry(inputs.lengths(in), t, next, hidden);
            y[t] = hidden;
        }
        return new NDArray[] {RecurrentInputs.stack(y, in[0], h)};
    }
}
