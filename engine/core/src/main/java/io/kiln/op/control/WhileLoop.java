package io.kiln.op.control;

import io.kiln.graph.Graph;
import io.kiln.ndarray.ArrayFactory;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.op.shape.Movement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Runs a body while a condition on the loop's variables holds (MXNet's while_loop). Inputs: the variables, what else
 * the condition uses, what else the body uses. Outputs: the body's outputs stacked along a new axis 0,
 * [maxIterations,…], with zeros after the last step; the last variables; the number of steps, an int64 scalar; and the
 * random state.
 *
 * @param condition takes variables and its rest; gives one element, 0 to stop
 * @param body takes variables and its rest; gives outputs and variables
 * @param variables the number of variables, at least 1
 * @param conditionInputs how many inputs the condition has besides the variables
 * @param maxIterations the most steps, at least 1
 */
public record WhileLoop(Graph condition, Graph body, int variables, int conditionInputs, long maxIterations)
        implements GraphOperator {
    /**
     * Checks the numbers.
     *
     * @throws IllegalArgumentException if they do not fit the graphs
     */
    public WhileLoop {
        boolean fits = variables >= 1
                && conditionInputs == condition.inputs().size() - variables
                && body.inputs().size() >= variables
                && body.outputs().size() >= variables
                && condition.outputs().size() == 1;
        if (!fits || maxIterations < 1 || maxIterations > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("whileLoop: " + variables + " variables, a condition of "
                    + condition.inputs().size() + " inputs and a body of "
                    + body.inputs().size() + " inputs and "
                    + body.outputs().size() + " outputs do not fit, or maxIterations " + maxIterations
                    + " is outside 1.." + Integer.MAX_VALUE);
        }
    }

    private <T> T[] conditionArguments(T[] inputs) {
        return Arrays.copyOf(inputs, variables + conditionInputs);
    }

    private <T> T[] bodyArguments(T[] inputs) {
        T[] arguments = Arrays.copyOf(inputs, inputs.length - conditionInputs);
        int rest = arguments.length - variables;
        System.arraycopy(inputs, variables + conditionInputs, arguments, variables, rest);
        return arguments;
    }

    @Override
    public List<Graph> graphs() {
        return List.of(condition, body);
    }

    @Override
    public Spec[] infer(Spec... inputs) {
        Spec test = condition.infer(conditionArguments(inputs))[0];
        if (test.shape().isKnown() && test.shape().size() != 1) {
            throw new ShapeException("whileLoop: the condition must give one element, got " + test);
        }
        Spec[] once = body.infer(bodyArguments(inputs));
        int outs = once.length - variables;
        Spec[] outputs = new Spec[once.length + 2];
        for (int i = 0; i < outs; i++) {
            outputs[i] = new Spec(once[i].shape().insert(0, maxIterations), once[i].dtype());
        }
        for (int i = 0; i < variables; i++) {
            Bodies.checkState("whileLoop", i, inputs[i], once[outs + i]);
            outputs[outs + i] = inputs[i];
        }
        outputs[once.length] = new Spec(Shape.scalar(), DType.INT64);
        outputs[once.length + 1] = RANDOM;
        return outputs;
    }

    @Override
    public List<NDArray> run(NDArray... inputs) {
        int outs = body.outputs().size() - variables;
        NDArray[] test = conditionArguments(inputs);
        NDArray[] arguments = bodyArguments(inputs);
        for (int i = 0; i < variables; i++) {
            arguments[i] = Bodies.alias(inputs[i]);
        }
        List<List<NDArray>> collected = new ArrayList<>();
        for (int i = 0; i < outs; i++) {
            collected.add(new ArrayList<>());
        }
        long steps = 0;
        for (; steps < maxIterations; steps++) {
            System.arraycopy(arguments, 0, test, 0, variables);
            if (condition.run(Map.of(), test)[0].item() == 0) {
                break;
            }
            NDArray[] results = body.run(Map.of(), arguments);
            for (int i = 0; i < outs; i++) {
                collected.get(i).add(results[i]);
            }
            Bodies.release(body, steps, variables, arguments, 0);
            System.arraycopy(results, outs, arguments, 0, variables);
        }
        Spec[] specs = infer(Arrays.stream(inputs).map(NDArray::spec).toArray(Spec[]::new));
        ArrayFactory beside = inputs[0].factory();
        List<NDArray> outputs = new ArrayList<>();
        for (int i = 0; i < outs; i++) {
            outputs.add(padded(beside, collected.get(i), specs[i]));
        }
        outputs.addAll(Arrays.asList(arguments).subList(0, variables));
        outputs.add(beside.of(Shape.scalar(), steps));
        return outputs;
    }

    /** The stacked outputs of the steps, padded with zeros to the maximum number of steps. */
    static NDArray padded(ArrayFactory beside, List<NDArray> steps, Spec spec) {
        long rest = spec.shape().dim(0) - steps.size();
        NDArray zeros = rest == 0 ? null : beside.zeros(spec.shape().with(0, rest), spec.dtype());
        if (steps.isEmpty()) {
            return zeros;
        }
        NDArray stacked = Movement.stack(0, steps.toArray(NDArray[]::new));
        return zeros == null ? stacked : Movement.concat(0, stacked, zeros);
    }
}
