package io.kiln.op.control;

import io.kiln.autograd.Autograd;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.GradientContext;
import io.kiln.op.Opaque;
import io.kiln.op.internal.CompositeGradient;
import io.kiln.op.random.RandomGenerator;
import java.util.ArrayList;
import java.util.List;

/**
 * The gradient of a loop or branch as one operator: runs it again, recorded, with the same random numbers, and differentiates
 * that. Inputs: those of the operator, its last output (the random state), and gradients with respect to some outputs.
 * Outputs: gradients with respect to some inputs, of their shapes.
 *
 * @param operator what is differentiated
 * @param training whether it ran in train mode
 * @param wanted numbers of the inputs whose gradients are outputs
 * @param given numbers of the outputs whose gradients are inputs
 */
public record ReplayGradient(GraphOperator operator, boolean training, List<Long> wanted, List<Long> given)
        implements Opaque {
    @Override
    public Spec[] infer(Spec... inputs) {
        int n = count(inputs.length);
        for (long i : wanted) {
            if (i < 0 || i >= n) {
                throw new IllegalArgumentException(
                        "replayGradient: input " + i + " is not among the " + n + " of " + operator.name());
            }
        }
        return wanted.stream().map(i -> inputs[i.intValue()]).toArray(Spec[]::new);
    }

    private int count(int inputs) {
        return inputs - 1 - given.size();
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        return CompositeGradient.of(this, c);
    }

    @Override
    public NDArray[] compose(NDArray... in) {
        boolean higher = Autograd.isRecording();
        int n = count(in.length);
        long[] random = in[n].toLongArray();
        RandomGenerator.State now = RandomGenerator.state();
        NDArray[] x = new NDArray[n];
        NDArray[] y;
        RandomGenerator.restore(new RandomGenerator.State(random[0], random[1]));
        try (Autograd.Mode record = Autograd.record();
                Autograd.Mode mode = Bodies.mode(training)) {
            for (int i = 0; i < n; i++) {
                x[i] = Bodies.alias(in[i]);
                if (x[i].gradientState() == null && wanted.contains((long) i)) {
                    Autograd.attachGradient(x[i]);
                }
            }
            y = operator.unrolled(x);
        } finally {
            RandomGenerator.restore(now);
        }
        return differentiate(x, y, in, higher);
    }

    private NDArray[] differentiate(NDArray[] x, NDArray[] y, NDArray[] in, boolean higher) {
        List<NDArray> heads = new ArrayList<>();
        List<NDArray> headGradients = new ArrayList<>();
        for (int i = 0; i < given.size(); i++) {
            NDArray head = y[given.get(i).intValue()];
            if (head.gradientState() != null) {
                heads.add(head);
                headGradients.add(in[x.length + 1 + i]);
            }
        }
        List<NDArray> variables = wanted.stream().map(i -> x[i.intValue()]).toList();
        if (heads.isEmpty()) {
            return variables.stream()
                    .map(v -> v.factory().zeros(v.shape(), v.dtype()))
                    .toArray(NDArray[]::new);
        }
        return Autograd.grad(heads, variables, headGradients, higher, higher).toArray(NDArray[]::new);
    }
}
