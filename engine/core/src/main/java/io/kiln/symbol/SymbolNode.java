package io.kiln.symbol;

import io.kiln.init.Initializer;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.Shape;
import io.kiln.op.Operator;
import io.kiln.op.Role;
import java.util.List;
import java.util.Map;

/**
 * A variable, or an operator on the outputs of other nodes. Immutable; nodes are compared by identity, even if their
 * contents are equal.
 */
final class SymbolNode {
    final String name;
    final Map<String, String> attributes;
    /** Null for variables. */
    final Operator operator;

    final List<Output> inputs;
    /** Shapes of inputs that follow from sizes stated at composition; null entries, or an empty list, if none do. */
    final List<Shape> stated;
    /** The declaration of a variable. */
    final Variable variable;

    /**
     * One output of a node.
     *
     * @param node the node
     * @param index index among its outputs, 0 for variables
     */
    record Output(SymbolNode node, int index) {
        /** The name of the output. */
        String name() {
            return node.operator == null ? node.name : node.name + "_output" + (index == 0 ? "" : index);
        }
    }

    /**
     * The declaration of a variable; undeclared parts are null.
     *
     * @param shape its shape, with unknown sizes
     * @param dtype its element type
     * @param role its role; null for data
     * @param initializer its initializer
     * @param position its position in the graph from which it was read, which keeps inputs in order
     */
    record Variable(Shape shape, DType dtype, Role role, Initializer initializer, int position) {}

    private SymbolNode(
            String name,
            Map<String, String> attributes,
            Operator operator,
            List<Output> inputs,
            List<Shape> stated,
            Variable variable) {
        if (name == null || name.isBlank()) {
            throw new IllegalArgumentException("symbol: a name must not be empty");
        }
        this.name = name;
        this.attributes = Map.copyOf(attributes);
        this.operator = operator;
        this.inputs = List.copyOf(inputs);
        this.stated = stated;
        this.variable = variable;
    }

    static SymbolNode variable(String name, Map<String, String> attributes, Variable variable) {
        return new SymbolNode(name, attributes, null, List.of(), List.of(), variable);
    }

    static SymbolNode call(
            String name, Map<String, String> attributes, Operator operator, List<Output> inputs, List<Shape> stated) {
        return new SymbolNode(name, attributes, operator, inputs, stated, null);
    }

    boolean isVariable() {
        return operator == null;
    }

    SymbolNode withInputs(List<Output> newInputs) {
        return new SymbolNode(name, attributes, operator, newInputs, stated, variable);
    }

    Output output(int index) {
        return new Output(this, index);
    }

    /** {@return name and operator, for messages} */
    @Override
    public String toString() {
        return isVariable() ? "variable " + name : "node " + name + " (" + operator.name() + ")";
    }
}
