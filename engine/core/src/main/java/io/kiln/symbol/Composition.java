package io.kiln.symbol;

import io.kiln.ndarray.Shape;
import io.kiln.op.Argument;
import io.kiln.op.Operator;
import io.kiln.op.ParametricOperator;
import io.kiln.op.Pointwise;
import io.kiln.op.Role;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * An operator about to be composed with symbols: name, attributes, sizes, and finally the inputs, either by position or
 * by keyword. Omitted inputs become variables named {@code <name>_<input>}.
 *
 * <pre>{@code
 * Symbol h = Symbol.op("linear").named("fc1").set("units", 128).set("activation", "relu").of(Symbol.variable("data"));
 * }</pre>
 *
 * <p>Life cycle: serves one call of {@code of}.
 */
public final class Composition {
    private static final List<String> LETTERS = List.of("a", "b", "c", "d");

    private final String operatorName;
    private final Operator given;
    private final Map<String, Object> settings = new LinkedHashMap<>();
    private final Map<String, String> attributes = new HashMap<>();
    private boolean bias = true;
    private String name;

    Composition(String operatorName, Operator given) {
        this.operatorName = operatorName;
        this.given = given;
        if (given == null) {
            OperatorAttributes.type(operatorName);
        }
    }

    /**
     * The symbol's name; by default the operator's with a number.
     *
     * @param value a name that is unique in the network
     * @return this composition
     */
    public Composition named(String value) {
        name = value;
        return this;
    }

    /**
     * Sets an attribute of the operator, or a size that determines shapes of parameters ({@code units} of a linear
     * operator, {@code channels} and {@code kernel} of a convolution).
     *
     * @param key its name
     * @param value a number, boolean, enum, shape or list of whole numbers, or any of them as text, such as
     *     {@code "(3, 3)"}
     * @return this composition
     */
    public Composition set(String key, Object value) {
        if (settings.put(key, value) != null) {
            throw new IllegalArgumentException(operatorName + ": " + key + " is set twice");
        }
        return this;
    }

    /**
     * Omits the bias.
     *
     * @return this composition
     */
    public Composition withoutBias() {
        bias = false;
        return this;
    }

    /**
     * Sets a free attribute of the symbol, which does not affect results.
     *
     * @param key its name
     * @param value its text
     * @return this composition
     */
    public Composition attribute(String key, String value) {
        attributes.put(key, value);
        return this;
    }

    /**
     * Composes by position.
     *
     * @param inputs symbols with one output each, in the order of the operator's inputs
     * @return the operator's first output
     */
    public Symbol of(Symbol... inputs) {
        return compose(Arrays.asList(inputs), null);
    }

    /**
     * Composes by keyword.
     *
     * @param inputs symbols with one output each, by the names of the operator's inputs
     * @return the operator's first output
     */
    public Symbol of(Map<String, Symbol> inputs) {
        return compose(null, inputs);
    }

    private Symbol compose(List<Symbol> positional, Map<String, Symbol> keyword) {
        Map<String, List<Long>> sizes = new HashMap<>();
        Operator operator = operator(sizes);
        String fullName = SymbolScope.current().name(name, operatorName);
        List<Argument> arguments = arguments(operator);
        List<SymbolNode.Output> inputs = new ArrayList<>();
        if (keyword != null) {
            byKeyword(keyword, arguments, fullName, inputs);
        } else {
            byPosition(positional, arguments, fullName, inputs);
        }
        List<Shape> stated = List.of();
        if (operator instanceof ParametricOperator p && !sizes.isEmpty()) {
            stated = Arrays.asList(Arrays.copyOf(p.stated(sizes), inputs.size()));
        }
        SymbolNode node =
                SymbolNode.call(fullName, SymbolScope.current().attributes(attributes), operator, inputs, stated);
        Stream<Symbol> parts = keyword != null ? keyword.values().stream() : positional.stream();
        return Symbol.of(node.output(0), parts.toList());
    }

    /** The operator; settings that are not among its attributes are sizes. */
    private Operator operator(Map<String, List<Long>> sizes) {
        Class<?> type = given != null ? given.getClass() : OperatorAttributes.type(operatorName);
        Map<String, Object> own = new LinkedHashMap<>(settings);
        own.keySet().retainAll(OperatorAttributes.names(type));
        Map<String, Object> others = new LinkedHashMap<>(settings);
        others.keySet().removeAll(own.keySet());
        Operator operator = given;
        if (given == null) {
            List<String> sizeNames = others.isEmpty() ? List.of() : sizeNames(type);
            others.keySet().stream().filter(k -> !sizeNames.contains(k)).forEach(k -> own.put(k, others.get(k)));
            others.keySet().retainAll(sizeNames);
            operator = OperatorAttributes.make(operatorName, type, own);
        } else if (!own.isEmpty()) {
            throw new IllegalArgumentException(operatorName + ": " + own.keySet()
                    + " are attributes of the operator that was given; set them there");
        }
        if (operator instanceof ParametricOperator p) {
            for (Map.Entry<String, Object> e : others.entrySet()) {
                if (!p.sizeNames().contains(e.getKey())) {
                    throw unknown(e.getKey(), p.sizeNames());
                }
                sizes.put(e.getKey(), OperatorAttributes.longs(operatorName, e.getKey(), e.getValue()));
            }
            return p.sized(sizes);
        }
        if (!others.isEmpty()) {
            throw unknown(others.keySet().iterator().next(), List.of());
        }
        return operator;
    }

    private IllegalArgumentException unknown(String key, List<String> sizes) {
        return new IllegalArgumentException(
                operatorName + ": has no size or attribute \"" + key + "\"; its sizes are " + sizes);
    }

    private List<String> sizeNames(Class<?> type) {
        if (!ParametricOperator.class.isAssignableFrom(type)) {
            return List.of();
        }
        Map<String, Object> none = new HashMap<>(settings);
        none.keySet().retainAll(OperatorAttributes.names(type));
        return ((ParametricOperator) OperatorAttributes.make(operatorName, type, none)).sizeNames();
    }

    /** The inputs that the operator names; none if their number is free. */
    private List<Argument> arguments(Operator operator) {
        if (operator instanceof ParametricOperator p) {
            return p.arguments().stream()
                    .filter(a -> bias || a.role().orElse(null) != Role.BIAS)
                    .toList();
        } else if (operator instanceof Pointwise p) {
            return p.arity() == 1
                    ? List.of(Argument.data("x"))
                    : p.arity() == 3
                            ? Stream.of("condition", "a", "b")
                                    .map(Argument::data)
                                    .toList()
                            : LETTERS.subList(0, p.arity()).stream()
                                    .map(Argument::data)
                                    .toList();
        }
        return Collections.emptyList();
    }

    private void byPosition(
            List<Symbol> symbols, List<Argument> arguments, String fullName, List<SymbolNode.Output> inputs) {
        for (int i = 0; i < symbols.size(); i++) {
            inputs.add(symbols.get(i).single(operatorName + " " + fullName + ": input " + i));
        }
        if (!arguments.isEmpty() && inputs.size() > arguments.size()) {
            throw new IllegalArgumentException(operatorName + " " + fullName + ": takes at most " + arguments.size()
                    + " inputs " + arguments.stream().map(Argument::name).toList() + ", got " + inputs.size());
        }
        for (int i = inputs.size(); i < arguments.size(); i++) {
            inputs.add(missing(fullName, arguments.get(i)));
        }
    }

    private void byKeyword(
            Map<String, Symbol> symbols, List<Argument> arguments, String fullName, List<SymbolNode.Output> inputs) {
        List<String> names = arguments.stream().map(Argument::name).toList();
        if (names.isEmpty()) {
            throw new IllegalArgumentException(
                    operatorName + " " + fullName + ": does not name its inputs; give them by position");
        }
        for (String key : symbols.keySet()) {
            if (!names.contains(key)) {
                throw new IllegalArgumentException(
                        operatorName + " " + fullName + ": has no input " + key + ", its inputs are " + names);
            }
        }
        for (Argument a : arguments) {
            Symbol s = symbols.get(a.name());
            inputs.add(
                    s == null ? missing(fullName, a) : s.single(operatorName + " " + fullName + ": input " + a.name()));
        }
    }

    private static SymbolNode.Output missing(String fullName, Argument argument) {
        SymbolNode.Variable variable =
                new SymbolNode.Variable(null, null, argument.role().orElse(null), null, Integer.MAX_VALUE);
        return SymbolNode.variable(
                        fullName + "_" + argument.name(), SymbolScope.current().attributes(Map.of()), variable)
                .output(0);
    }
}
