package io.kiln.op.control;

import io.kiln.graph.Graph;
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
 * Runs a body on each entry of axis 0, passing states from one to the next (MXNet's foreach):
 * \((y_i, s_{i+1}) = \mathrm{body}(x_i, s_i)\). Inputs: data [n,…], states, and what else the body uses. Outputs: the
 * body's outputs stacked along a new axis 0, [n,…], the last states, and the random state.
 *
 * @param body takes entries of the data, states and the rest; gives outputs and states
 * @param data the number of data inputs, at least 1
 * @param states the number of states
 */
public record ForEach(Graph body, int data, int states) implements GraphOperator {
    /**
     * Checks the numbers.
     *
     * @throws IllegalArgumentException if they do not fit the body
     */
    public ForEach {
        if (data < 1
                || states < 0
                || body.inputs().size() < data + (long) states
                || body.outputs().size() < states) {
            throw new IllegalArgumentException("forEach: " + data + " data inputs and " + states
                    + " states do not fit a body of " + body.inputs().size() + " inputs and "
                    + body.outputs().size() + " outputs");
        }
    }

    @Override
    public List<Graph> graphs() {
        return List.of(body);
    }

    @Override
    public Spec[] infer(Spec... inputs) {
        Spec[] entries = inputs.clone();
        long n = Shape.UNKNOWN;
        for (int i = 0; i < data; i++) {
            Shape x = inputs[i].shape();
            if (x.rank() == 0 || n != Shape.UNKNOWN && x.dim(0) != Shape.UNKNOWN && x.dim(0) != n) {
                throw new ShapeException(
                        "forEach: data " + i + x + " needs as many entries along axis 0 as data 0" + inputs[0].shape());
            }
            n = n == Shape.UNKNOWN ? x.dim(0) : n;
            entries[i] = new Spec(x.without(0), inputs[i].dtype());
        }
        Spec[] once = body.infer(entries);
        int outs = once.length - states;
        Spec[] outputs = new Spec[once.length + 1];
        for (int i = 0; i < outs; i++) {
            outputs[i] = new Spec(once[i].shape().insert(0, n), once[i].dtype());
        }
        for (int i = 0; i < states; i++) {
            Bodies.checkState("forEach", i, inputs[data + i], once[outs + i]);
            outputs[outs + i] = inputs[data + i];
        }
        outputs[once.length] = RANDOM;
        return outputs;
    }

    @Override
    public List<NDArray> run(NDArray... inputs) {
        int outs = body.outputs().size() - states;
        NDArray[] arguments = inputs.clone();
        for (int i = data; i < data + states; i++) {
            arguments[i] = Bodies.alias(inputs[i]);
        }
        List<List<NDArray>> collected = new ArrayList<>();
        for (int i = 0; i < outs; i++) {
            collected.add(new ArrayList<>());
        }
        long n = inputs[0].shape().dim(0);
        for (long at = 0; at < n; at++) {
            for (int i = 0; i < data; i++) {
                arguments[i] = Movement.squeeze(inputs[i].slice(0, at, at + 1), 0);
            }
            NDArray[] results = body.run(Map.of(), arguments);
            for (int i = 0; i < outs; i++) {
                collected.get(i).add(results[i]);
            }
            Bodies.release(body, at, states, arguments, data);
            System.arraycopy(results, outs, arguments, data, states);
        }
        Spec[] specs = infer(Arrays.stream(inputs).map(NDArray::spec).toArray(Spec[]::new));
        List<NDArray> outputs = new ArrayList<>();
        for (int i = 0; i < outs; i++) {
            outputs.add(
                    n == 0
                            ? inputs[0].factory().zeros(specs[i].shape(), specs[i].dtype())
                            : Movement.stack(0, collected.get(i).toArray(NDArray[]::new)));
        }
        outputs.addAll(Arrays.asList(arguments).subList(data, data + states));
        return outputs;
    }
}
