package io.kiln.nn;

import io.kiln.ndarray.NDArray;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Blocks wired by name: a network with any number of named inputs and outputs. Each step applies a block to inputs or
 * to results of earlier steps; its result has the step's name, further outputs of its block are called {@code name:1},
 * {@code name:2}, …
 *
 * <pre>{@code
 * Functional net = new Functional("user", "item")
 *         .add("u", new Embedding(users, 16), "user")
 *         .add("i", new Embedding(items, 16), "item")
 *         .add("pair", Merge.concat(1), "u", "i")
 *         .add("rating", new Sequential(new Dense(32, Activation.RELU), new Dense(1)), "pair")
 *         .outputs("rating");
 * }</pre>
 *
 * <p>Any other step can be an output later: {@link io.kiln.graph.Graph#upTo}. The idea is that of Keras's functional
 * API.
 */
public final class Functional extends Block {
    private final List<String> inputs;
    private final List<Step> steps = new ArrayList<>();
    private List<String> outputs = List.of();

    /**
     * A block applied to values.
     *
     * @param name name of its result
     * @param block the block; if it is used in several steps, they share its parameters
     * @param inputs names of inputs of the network, or of earlier steps
     */
    public record Step(String name, Block block, List<String> inputs) {
        /** Makes the list unmodifiable. */
        public Step {
            inputs = List.copyOf(inputs);
        }
    }

    /**
     * Creates a network.
     *
     * @param inputs names of its inputs, in the order of {@link #forwardAll}
     * @param steps the steps, in order
     * @param outputs names of the results that are outputs
     * @throws IllegalArgumentException if a name occurs twice, or is used before it is defined
     */
    public Functional(List<String> inputs, List<Step> steps, List<String> outputs) {
        this.inputs = List.copyOf(inputs);
        Set<String> names = new LinkedHashSet<>(inputs);
        if (inputs.isEmpty() || names.size() < inputs.size() || names.contains("")) {
            throw new IllegalArgumentException("functional: needs inputs of different names, got " + inputs);
        }
        steps.forEach(this::add);
        if (!outputs.isEmpty()) {
            outputs(outputs.toArray(new String[0]));
        }
    }

    /**
     * Creates a network without steps.
     *
     * @param inputs names of its inputs, in the order of {@link #forwardAll}
     */
    public Functional(String... inputs) {
        this(List.of(inputs), List.of(), List.of());
    }

    /**
     * Adds a step.
     *
     * @param name name of its result
     * @param block the block
     * @param of names of inputs of the network, or of earlier steps
     * @return this network
     * @throws IllegalArgumentException if the name is taken, or one of the others is not defined
     */
    public Functional add(String name, Block block, String... of) {
        add(new Step(name, block, List.of(of)));
        return this;
    }

    private void add(Step step) {
        if (inputs.contains(step.name())) {
            throw new IllegalArgumentException("functional: step \"" + step.name() + "\" has the name of an input");
        }
        if (step.inputs().isEmpty()) {
            throw new IllegalArgumentException(
                    "functional: step \"" + step.name() + "\" has no inputs; name at least one");
        }
        step.inputs().forEach(n -> checkDefined("step \"" + step.name() + "\"", n));
        addChild(step.name(), step.block());
        steps.add(step);
    }

    /**
     * Sets the outputs. By default the result of the last step is the only one.
     *
     * @param names names of steps
     * @return this network
     * @throws IllegalArgumentException if there is no such step
     */
    public Functional outputs(String... names) {
        if (names.length == 0 || Set.copyOf(Arrays.asList(names)).size() < names.length) {
            throw new IllegalArgumentException(
                    "functional: needs outputs of different names, got " + Arrays.toString(names));
        }
        for (String n : names) {
            checkDefined("the list of outputs", n);
        }
        outputs = List.of(names);
        return this;
    }

    private void checkDefined(String where, String name) {
        int colon = name.lastIndexOf(':');
        String step = colon < 0 ? name : name.substring(0, colon);
        if (!inputs.contains(name) && steps.stream().noneMatch(s -> s.name().equals(step))) {
            throw new IllegalArgumentException(
                    "functional: %s refers to \"%s\"; there are inputs %s and steps %s before it"
                            .formatted(
                                    where,
                                    name,
                                    inputs,
                                    steps.stream().map(Step::name).toList()));
        }
    }

    @Override
    public List<String> inputNames() {
        return inputs;
    }

    @Override
    public List<String> outputNames() {
        if (!outputs.isEmpty() || steps.isEmpty()) {
            return outputs;
        }
        return List.of(steps.get(steps.size() - 1).name());
    }

    @Override
    public NDArray forward(NDArray x) {
        NDArray[] y = forwardAll(x);
        if (y.length != 1) {
            throw new IllegalArgumentException(
                    "functional: has " + y.length + " outputs, " + outputs + "; call forwardAll, not forward");
        }
        return y[0];
    }

    @Override
    public NDArray[] forwardAll(NDArray... data) {
        if (data.length != inputs.size()) {
            throw new IllegalArgumentException(
                    "functional: the inputs are " + inputs + ", got " + data.length + " arrays");
        }
        if (steps.isEmpty()) {
            throw new IllegalArgumentException("functional: has no steps; add one");
        }
        Map<String, NDArray> values = new HashMap<>();
        for (int i = 0; i < data.length; i++) {
            values.put(inputs.get(i), data[i]);
        }
        for (Step s : steps) {
            NDArray[] y = s.block()
                    .callAll(s.inputs().stream().map(n -> value(values, n)).toArray(NDArray[]::new));
            values.put(s.name(), y[0]);
            for (int k = 1; k < y.length; k++) {
                values.put(s.name() + ":" + k, y[k]);
            }
        }
        return outputNames().stream().map(n -> value(values, n)).toArray(NDArray[]::new);
    }

    private static NDArray value(Map<String, NDArray> values, String name) {
        NDArray x = values.get(name);
        if (x == null) {
            throw new IllegalArgumentException("functional: no value \"" + name + "\": its step gives fewer outputs");
        }
        return x;
    }
}
