package io.kiln.op.internal;

import io.kiln.backend.Backend;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.Stochastic;
import java.util.Arrays;
import java.util.List;

/**
 * An operator that also returns its {@linkplain Backend#residuals residuals}, behind its own outputs. It takes the operator's place on
 * the tape and in compiled training steps. Its gradient is the operator's, whose kernel gets the residuals as {@link FromResiduals}.
 *
 * @param operator the operator
 * @param residuals shape and dtype of each residual
 */
public record Keeping(Operator operator, List<Spec> residuals) implements Operator {
    /** Checks the operator. */
    public Keeping {
        if (operator instanceof Stochastic) {
            throw new IllegalArgumentException(
                    operator.name() + ": an operator that draws random numbers cannot keep residuals");
        }
        residuals = List.copyOf(residuals);
    }

    /**
     * The operator that a backend runs where a gradient will be taken.
     *
     * @param backend the backend
     * @param operator the operator
     * @param inputs shape and dtype of its inputs
     * @return the operator with its residuals; if there are none, the {@linkplain Abridged unabridged} operator, which is that itself for
     *     most
     */
    public static Operator of(Backend backend, Operator operator, Spec... inputs) {
        Spec[] residuals = backend.residuals(operator, inputs);
        if (residuals.length > 0) {
            return new Keeping(operator, List.of(residuals));
        }
        return operator instanceof Abridged a ? a.unabridged() : operator;
    }

    /**
     * The operator's own outputs.
     *
     * @param outputs the outputs and the residuals
     * @return the outputs
     */
    public NDArray[] own(NDArray... outputs) {
        return Arrays.copyOf(outputs, outputs.length - residuals.size());
    }

    @Override
    public String name() {
        return operator.name();
    }

    @Override
    public Spec[] infer(Spec... inputs) {
        Spec[] own = operator.infer(inputs);
        Spec[] all = Arrays.copyOf(own, own.length + residuals.size());
        for (int i = 0; i < residuals.size(); i++) {
            all[own.length + i] = residuals.get(i);
        }
        return all;
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        return operator.flops(inputs, Arrays.copyOf(outputs, outputs.length - residuals.size()));
    }

    @Override
    public boolean followsInputs() {
        return operator.followsInputs();
    }

    @Override
    public NDArray[] gradient(GradientContext context) {
        return operator.gradient(new WithResiduals(context));
    }

    /** The context of the operator's gradient, whose kernels get the residuals. */
    private final class WithResiduals implements GradientContext {
        private final GradientContext context;

        WithResiduals(GradientContext context) {
            this.context = context;
        }

        @Override
        public NDArray[] run(Operator gradient, NDArray... arrays) {
            NDArray[] all = Arrays.copyOf(arrays, arrays.length + residuals.size());
            Spec[] inputs = new Spec[inputs()];
            for (int i = 0; i < inputs.length; i++) {
                inputs[i] = input(i).spec();
            }
            int own = operator.infer(inputs).length;
            for (int i = 0; i < residuals.size(); i++) {
                all[arrays.length + i] = context.output(own + i);
            }
            return context.run(new FromResiduals(gradient, residuals.size()), all);
        }

        @Override
        public NDArray input(int i) {
            return context.input(i);
        }

        @Override
        public int inputs() {
            return context.inputs();
        }

        @Override
        public NDArray output(int i) {
            return context.output(i);
        }

        @Override
        public NDArray outputGradient(int i) {
            return context.outputGradient(i);
        }

        @Override
        public boolean needs(int i) {
            return context.needs(i);
        }

        @Override
        public boolean training() {
            return context.training();
        }
    }
}
