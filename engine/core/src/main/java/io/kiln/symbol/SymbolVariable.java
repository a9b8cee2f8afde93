package io.kiln.symbol;

import io.kiln.init.Initializer;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.Shape;
import io.kiln.op.Role;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A builder for a variable.
 *
 * <pre>{@code
 * Symbol w = SymbolVariable.named("w").shape(128, Shape.UNKNOWN).role(Role.WEIGHT).initializer(new Normal()).make();
 * }</pre>
 */
public final class SymbolVariable {
    private final String name;
    private final Map<String, String> attributes = new HashMap<>();
    private Shape shape;
    private DType dtype;
    private Role role;
    private Initializer initializer;

    private SymbolVariable(String name) {
        this.name = name;
    }

    /**
     * Starts a variable without declared properties.
     *
     * @param name its name, unique in the network
     * @return the variable
     */
    public static SymbolVariable named(String name) {
        return new SymbolVariable(name);
    }

    /**
     * Declares the shape.
     *
     * @param dims its sizes, {@link Shape#UNKNOWN} for those to be inferred
     * @return this variable
     */
    public SymbolVariable shape(long... dims) {
        shape = Shape.of(dims);
        return this;
    }

    /**
     * Declares the element type; by default float32, or for parameters the dtype of the data.
     *
     * @param value the type
     * @return this variable
     */
    public SymbolVariable dtype(DType value) {
        dtype = value;
        return this;
    }

    /**
     * Declares the variable's role; by default the operator that uses it determines it, and otherwise the variable is
     * data.
     *
     * @param value the role
     * @return this variable
     */
    public SymbolVariable role(Role value) {
        role = value;
        return this;
    }

    /**
     * Declares the initializer; by default the role determines it. A variable with an initializer and without a role is
     * a weight.
     *
     * @param value the initializer
     * @return this variable
     */
    public SymbolVariable initializer(Initializer value) {
        initializer = value;
        return this;
    }

    /**
     * Sets a free attribute, which does not affect results.
     *
     * @param key its name
     * @param value its text
     * @return this variable
     */
    public SymbolVariable attribute(String key, String value) {
        attributes.put(key, value);
        return this;
    }

    /**
     * Creates the variable.
     *
     * @return the symbol
     */
    public Symbol make() {
        SymbolScope scope = SymbolScope.current();
        Role known = role == null && initializer != null ? Role.WEIGHT : role;
        SymbolNode node = SymbolNode.variable(
                scope.name(name, ""),
                scope.attributes(attributes),
                new SymbolNode.Variable(shape, dtype, known, initializer, Integer.MAX_VALUE));
        return Symbol.of(node.output(0), List.of());
    }
}
