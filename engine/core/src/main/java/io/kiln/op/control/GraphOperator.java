package io.kiln.op.control;

import io.kiln.graph.Graph;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Opaque;
import io.kiln.op.Stochastic;
import io.kiln.op.Unrollable;
import io.kiln.op.random.RandomGenerator;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * An operator that runs the graphs in its attributes: loops and branches. While autograd records, its graphs' calls are
 * written to the tape one by one; where it is differentiated as a whole, {@link ReplayGradient} runs it again. Since
 * its graphs may draw random numbers, it counts as stochastic.
 *
 * <p>Its last output is the state of the random generator before it ran, int64 [2], so that a rerun draws the same
 * numbers.
 */
public interface GraphOperator extends Opaque, Stochastic, Unrollable {
    /** What the last output is. */
    Spec RANDOM = new Spec(Shape.of(2), DType.INT64);

    /**
     * What it may run.
     *
     * @return the graphs among its attributes
     */
    List<Graph> graphs();

    /**
     * Runs the graphs.
     *
     * @param inputs the inputs
     * @return the outputs but the random state
     */
    List<NDArray> run(NDArray... inputs);

    @Override
    default NDArray[] compose(NDArray... inputs) {
        RandomGenerator.State state = RandomGenerator.state();
        List<NDArray> outputs = new ArrayList<>(run(inputs));
        outputs.add(inputs[0].factory().of(Shape.of(2), state.seed(), state.draws()));
        return outputs.toArray(NDArray[]::new);
    }

    @Override
    default NDArray[] unrolled(NDArray... inputs) {
        infer(Arrays.stream(inputs).map(NDArray::spec).toArray(Spec[]::new));
        return compose(inputs);
    }

    @Override
    default NDArray[] gradient(GradientContext c) {
        List<NDArray> inputs = new ArrayList<>();
        List<Long> wanted = new ArrayList<>();
        for (int i = 0; i < c.inputs(); i++) {
            inputs.add(c.input(i));
            if (c.needs(i) && c.input(i).dtype().isFloating()) {
                wanted.add((long) i);
            }
        }
        int last = infer(inputs.stream().map(NDArray::spec).toArray(Spec[]::new)).length - 1;
        inputs.add(c.output(last));
        List<Long> given = new ArrayList<>();
        for (int i = 0; i < last; i++) {
            if (c.outputGradient(i) != null) {
                given.add((long) i);
                inputs.add(c.outputGradient(i));
            }
        }
        NDArray[] found = Dispatch.run(
                new ReplayGradient(this, c.training(), List.copyOf(wanted), List.copyOf(given)),
                inputs.toArray(NDArray[]::new));
        NDArray[] result = new NDArray[c.inputs()];
        for (int i = 0; i < found.length; i++) {
            result[wanted.get(i).intValue()] = found[i];
        }
        return result;
    }
}
