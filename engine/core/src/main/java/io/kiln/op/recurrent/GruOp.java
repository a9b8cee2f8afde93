package io.kiln.op.recurrent;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.DefaultValue;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.internal.GruGradient;
import io.kiln.op.internal.RecurrentGradient;
import io.kiln.op.internal.RecurrentInputs;
import io.kiln.op.math.Elementwise;
import io.kiln.op.shape.Movement;

/**
 * One direction of one GRU layer over a sequence (Cho et al. 2014), by default with the reset gate after the recurrent
 * product, as in cuDNN: \(r, z = \sigma(x_t W_i^\top + b_i + h_{t-1} W_h^\top + b_h)\), \(n = \tanh(x_t W_{in}^\top +
 * b_{in} + r (h_{t-1} W_{hn}^\top + b_{hn}))\), \(h_t = (1 - z) n + z h_{t-1}\). Without linearBeforeReset the reset
 * gate acts on the state, as in the paper: \(n = \tanh(x_t W_{in}^\top + b_{in} + (r h_{t-1}) W_{hn}^\top + b_{hn})\).
 * Gates are in the order r, z, n, as in libtorch, MXNet and cuDNN.
 *
 * <p>Inputs as in {@link RecurrentInputs} with G = 3. Where lengths are given, a row keeps its state from step
 * length[n] on. Outputs: y[T,N,H], and with allSteps r, z, n and what the recurrent product gives to n, with its bias,
 * of all steps [T,N,4H].
 *
 * @param reverse whether steps run from last to first
 * @param state whether the first state is given; zeros otherwise
 * @param lengths whether lengths are given
 * @param linearBeforeReset whether the reset gate multiplies the recurrent product (libtorch, MXNet, cuDNN) and not the
 *     state (ONNX unless it says so)
 * @param allSteps whether the gates of all steps are returned; a device may have no kernel for that
 */
public record GruOp(
        boolean reverse,
        boolean state,
        boolean lengths,
        @DefaultValue("true") boolean linearBeforeReset,
        @DefaultValue("true") boolean allSteps)
        implements Operator {
    /**
     * With the gates of all steps.
     *
     * @param reverse whether steps run from last to first
     * @param state whether the first state is given; zeros otherwise
     * @param lengths whether lengths are given
     * @param linearBeforeReset whether the reset gate multiplies the recurrent product
     */
    public GruOp(boolean reverse, boolean state, boolean lengths, boolean linearBeforeReset) {
        this(reverse, state, lengths, linearBeforeReset, true);
    }

    /**
     * With the gates of all steps, and the reset gate behind the recurrent product.
     *
     * @param reverse whether steps run from last to first
     * @param state whether the first state is given; zeros otherwise
     * @param lengths whether lengths are given
     */
    public GruOp(boolean reverse, boolean state, boolean lengths) {
        this(reverse, state, lengths, true);
    }

    /** {@return which inputs there are} */
    public RecurrentInputs inputs() {
        return new RecurrentInputs(3, false, state ? 1 : 0, lengths);
    }

    @Override
    public Spec[] infer(Spec... inputs) {
        Spec y = inputs().check(name(), inputs);
        return allSteps
                ? new Spec[] {y, new Spec(y.shape().with(2, 4 * y.shape().dim(2)), y.dtype())}
                : new Spec[] {y};
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        return inputs().flops(inputs);
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        int given = inputs().count();
        if (c.outputGradient(0) == null) {
            return new NDArray[given];
        }
        NDArray[] in = new NDArray[given + (allSteps ? 3 : 2)];
        in[0] = c.outputGradient(0);
        for (int i = 0; i < given; i++) {
            in[1 + i] = c.input(i);
        }
        in[given + 1] = c.output(0);
        if (allSteps) {
            in[given + 2] = c.output(1);
        }
        GruGradient gradient = new GruGradient(reverse, state, lengths, linearBeforeReset, allSteps);
        return RecurrentGradient.spread(c.run(gradient, in), given, false);
    }

    @Override
    public NDArray[] compose(NDArray... in) {
        RecurrentInputs inputs = inputs();
        long h = in[RecurrentInputs.WH].shape().dim(1);
        NDArray fromInputs = RecurrentInputs.project(in[0], in[RecurrentInputs.WI], in[RecurrentInputs.BI]);
        NDArray hidden = inputs.first(0, Shape.of(in[0].shape().dim(1), h), in);
        int[] order = RecurrentInputs.order(in[0].shape().dim(0), reverse);
        NDArray[] y = new NDArray[order.length];
        NDArray[] gates = new NDArray[order.length];
        for (int t : order) {
            NDArray a = RecurrentInputs.at(fromInputs, t);
            NDArray b = RecurrentInputs.project(hidden, in[RecurrentInputs.WH], in[RecurrentInputs.BH]);
            NDArray r = Elementwise.sigmoid(RecurrentInputs.gate(a, 0, h).add(RecurrentInputs.gate(b, 0, h)));
            NDArray z = Elementwise.sigmoid(RecurrentInputs.gate(a, 1, h).add(RecurrentInputs.gate(b, 1, h)));
            NDArray inner = linearBeforeReset ? RecurrentInputs.gate(b, 2, h) : candidate(r.mul(hidden), in, h);
            NDArray n = Elementwise.tanh(RecurrentInputs.gate(a, 2, h).add(linearBeforeReset ? r.mul(inner) : inner));
            NDArray next = n.add(z.mul(hidden.sub(n)));
            hidden = RecurrentInputs.carry(inputs.lengths(in), t, next, hidden);
            y[t] = hidden;
            if (allSteps) {
                gates[t] = Movement.concat(1, r, z, n, inner);
            }
        }
        NDArray states = RecurrentInputs.stack(y, in[0], h);
        return allSteps ? new NDArray[] {states, RecurrentInputs.stack(gates, in[0], 4 * h)} : new NDArray[] {states};
    }

    /** The part of the recurrent product that goes to n. */
    private static NDArray candidate(NDArray state, NDArray[] in, long h) {
        return RecurrentInputs.project(
                state, in[RecurrentInputs.WH].slice(0, 2 * h, 3 * h), in[RecurrentInputs.BH].slice(0, 2 * h, 3 * h));
    }
}
