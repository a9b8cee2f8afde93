package io.kiln.op;

import io.kiln.ndarray.Shape;
import java.util.List;
import java.util.Map;

/**
 * An operator that names its inputs and says what they are for: a {@link io.kiln.symbol.Symbol} creates variables for
 * those that are left out, and infers the shapes of parameters from those of the data.
 */
public interface ParametricOperator extends Operator {
    /**
     * The inputs, in order. Those of role {@link io.kiln.op.Role#BIAS} come last and may be left out.
     *
     * @return one argument per input
     */
    List<Argument> arguments();

    /**
     * Completes the shapes of the inputs from one another, such as the size of a weight's input axis. Shapes that
     * contradict one another stay as they are: {@link #infer} reports them.
     *
     * @param inputs one shape per input, with unknown sizes; null where not even the rank is known
     * @return the same shapes with what else is known
     */
    Shape[] complete(Shape... inputs);

    /**
     * The shapes of inputs that follow from sizes stated where the operator is composed: the number of units, of
     * channels, the window. They are not attributes because a parameter's shape holds them.
     *
     * @param sizes what was stated, by name; each among {@link #sizeNames}
     * @return one shape per input, null where nothing follows
     */
    default Shape[] stated(Map<String, List<Long>> sizes) {
        return new Shape[arguments().size()];
    }

    /**
     * The names of sizes that {@link #stated} understands.
     *
     * @return names, such as {@code units}
     */
    default List<String> sizeNames() {
        return List.of();
    }

    /**
     * The operator with its open attributes set from sizes, as the number of strides follows from the window.
     *
     * @param sizes what was stated, by name
     * @return an operator of the same class
     */
    default Operator sized(Map<String, List<Long>> sizes) {
        return this;
    }

    /**
     * Which outputs are new values of inputs, to be written back after a run in train mode.
     *
     * @return number of an input by number of an output
     */
    default Map<Integer, Integer> updates() {
        return Map.of();
    }
}
