package io.kiln.op.internal;

import io.kiln.autograd.Autograd;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.Alias;
import io.kiln.op.Creation;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Opaque;
import io.kiln.op.Operator;
import java.util.ArrayList;
import java.util.List;

/**
 * The gradient of a fused operator through its composition. Fused gradient operators use it for their own gradients:
 * second derivatives are then correct, if not as fast as the first ones.
 */
public final class CompositeGradient {
    private CompositeGradient() {}

    /**
     * The gradient of a composed operator of one output as a composition itself, one array per floating input: what a fused
     * gradient operator falls back on.
     */
    public static NDArray[] of(Operator operator, NDArray dy, NDArray... inputs) {
        NDArray[] all = of(operator, new Detached(dy, inputs));
        List<NDArray> floating = new ArrayList<>();
        for (int i = 0; i < inputs.length; i++) {
            if (inputs[i].dtype().isFloating()) {
                floating.add(all[i] == null ? Creation.zerosLike(inputs[i]) : all[i]);
            }
        }
        return floating.toArray(NDArray[]::new);
    }

    /** The context of an operator that is not on the tape. */
    private record Detached(NDArray dy, NDArray... arrays) implements GradientContext {
        @Override
        public NDArray input(int i) {
            return arrays[i];
        }

        @Override
        public int inputs() {
            return arrays.length;
        }

        @Override
        public NDArray output(int i) {
            throw new IllegalStateException("gradient: the outputs of a composition are not kept");
        }

        @Override
        public NDArray outputGradient(int i) {
            return dy;
        }

        @Override
        public boolean needs(int i) {
            return arrays[i].dtype().isFloating();
        }

        @Override
        public boolean training() {
            return Autograd.isTraining();
        }
    }

    /** Gradients of a composed operator, from those of its parts by the chain rule. */
    public static NDArray[] of(Operator operator, GradientContext c) {
        return isTraced(c) ? Late.traced(operator, c) : recorded(operator, c);
    }

    private static boolean isTraced(GradientContext c) {
        for (int i = 0; i < c.inputs(); i++) {
            if (c.input(i).isTraced()) {
                return true;
            }
        }
        return false;
    }

    /**
     * The gradient as a node of a graph: the tape is that of data, so it is computed when the graph runs.
     *
     * @param operator the composed operator
     * @param wanted numbers of the inputs whose gradients are the outputs
     * @param given numbers of the outputs whose gradients follow the inputs
     * @param training the mode
     */
    private record Late(Operator operator, List<Integer> wanted, List<Integer> given, boolean training)
            implements Opaque {
        static NDArray[] traced(Operator operator, GradientContext c) {
            List<NDArray> arrays = new ArrayList<>();
            List<Integer> wanted = new ArrayList<>();
            for (int i = 0; i < c.inputs(); i++) {
                arrays.add(c.input(i));
                if (c.needs(i)) {
                    wanted.add(i);
                }
            }
            List<Integer> given = new ArrayList<>();
            Spec[] specs = arrays.stream().map(NDArray::spec).toArray(Spec[]::new);
            for (int k = 0; k < operator.infer(specs).length; k++) {
                if (c.outputGradient(k) != null) {
                    arrays.add(c.outputGradient(k));
                    given.add(k);
                }
            }
            NDArray[] result = new NDArray[c.inputs()];
            if (!wanted.isEmpty() && !given.isEmpty()) {
                Late late = new Late(operator, wanted, given, c.training());
                NDArray[] made = Dispatch.run(late, arrays.toArray(NDArray[]::new));
                for (int i = 0; i < made.length; i++) {
                    result[wanted.get(i)] = made[i];
                }
            }
            return result;
        }

        @Override
        public Spec[] infer(Spec... inputs) {
            return wanted.stream().map(i -> inputs[i]).toArray(Spec[]::new);
        }

        @Override
        public NDArray[] compose(NDArray... inputs) {
            int count = inputs.length - given.size();
            NDArray[] all = recorded(operator, new Kept(this, count, inputs));
            return wanted.stream()
                    .map(i -> all[i] == null ? Creation.zerosLike(inputs[i]) : all[i])
                    .toArray(NDArray[]::new);
        }

        @Override
        public NDArray[] gradient(GradientContext c) {
            return of(this, c);
        }
    }

    /** The context of a late gradient. */
    private record Kept(Late late, int inputs, NDArray... arrays) implements GradientContext {
        @Override
        public NDArray input(int i) {
            return arrays[i];
        }

        @Override
        public NDArray output(int i) {
            throw new IllegalStateException("gradient: the outputs of a composition are not kept");
        }

        @Override
        public NDArray outputGradient(int i) {
            int at = late.given.indexOf(i);
            return at < 0 ? null : arrays[inputs + at];
        }

        @Override
        public boolean needs(int i) {
            return late.wanted.contains(i);
        }

        @Override
        public boolean training() {
            return late.training;
        }
    }

    private static NDArray[] recorded(Operator operator, GradientContext c) {
        boolean higher = Autograd.isRecording();
        NDArray[] inputs = new NDArray[c.inputs()];
        List<NDArray> variables = new ArrayList<>();
        List<NDArray> heads = new ArrayList<>();
        List<NDArray> headGradients = new ArrayList<>();
        try (Autograd.Mode record = Autograd.record()) {
            for (int i = 0; i < inputs.length; i++) {
                inputs[i] = Dispatch.one(new Alias(), c.input(i));
                if (c.needs(i)) {
                    if (inputs[i].gradientState() == null) {
                        Autograd.attachGradient(inputs[i]);
                    }
                    variables.add(inputs[i]);
                }
            }
            NDArray[] outputs = operator.compose(inputs);
            for (int i = 0; i < outputs.length; i++) {
                if (c.outputGradient(i) != null && outputs[i].gradientState() != null) {
                    heads.add(outputs[i]);
                    headGradients.add(c.outputGradient(i));
                }
            }
        }
        NDArray[] result = new NDArray[inputs.length];
        if (!heads.isEmpty()) {
            List<NDArray> gradients = Autograd.grad(heads, variables, headGradients, higher, higher);
            for (int i = 0, k = 0; i < result.length; i++) {
                result[i] = c.needs(i) ? gradients.get(k++) : null;
            }
        }
        return result;
    }
}
