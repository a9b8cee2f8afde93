package io.kiln.graph;

import io.kiln.init.Initializer;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.op.Operator;
import io.kiln.op.Role;
import io.kiln.op.control.GraphOperator;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * An immutable computation: variables, operator nodes in topological order, and outputs. It is the result of tracing a
 * block; it is sent to executors, written to disk, and interpreted.
 *
 * <p>Values are numbered: the variables come first, then the nodes. Sizes unknown when the graph was traced (the batch)
 * are {@link io.kiln.ndarray.Shape#UNKNOWN} in the specs.
 *
 * <p>Concurrency: immutable; may be run by many threads at once.
 *
 * @param inputs the data passed to each run, in order
 * @param parameters the arrays kept between runs, by name
 * @param nodes the operator calls
 * @param outputs the results
 * @param updates parameters that a run in train mode overwrites (running statistics)
 * @param attributes free text about inputs, parameters and nodes, by their name; it does not affect results
 * @param outputNames a unique name for each output
 */
public record Graph(
        List<Input> inputs,
        List<ParameterInfo> parameters,
        List<Node> nodes,
        List<Ref> outputs,
        List<Update> updates,
        Map<String, Map<String, String>> attributes,
        List<String> outputNames) {

    /**
     * Creates a graph whose outputs have the {@linkplain #defaultOutputNames default names}.
     *
     * @param inputs the data passed to each run, in order
     * @param parameters the arrays kept between runs, by name
     * @param nodes the operator calls
     * @param outputs the results
     * @param updates parameters that a run in train mode overwrites
     * @param attributes free text about inputs, parameters and nodes
     */
    public Graph(
            List<Input> inputs,
            List<ParameterInfo> parameters,
            List<Node> nodes,
            List<Ref> outputs,
            List<Update> updates,
            Map<String, Map<String, String>> attributes) {
        this(inputs, parameters, nodes, outputs, updates, attributes, defaultOutputNames(outputs.size()));
    }

    /**
     * Creates a graph without attributes.
     *
     * @param inputs the data passed to each run, in order
     * @param parameters the arrays kept between runs, by name
     * @param nodes the operator calls
     * @param outputs the results
     * @param updates parameters that a run in train mode overwrites
     */
    public Graph(
            List<Input> inputs,
            List<ParameterInfo> parameters,
            List<Node> nodes,
            List<Ref> outputs,
            List<Update> updates) {
        this(inputs, parameters, nodes, outputs, updates, Map.of());
    }

    /**
     * Makes the collections unmodifiable and checks that every reference points to an earlier value and that each
     * output has a name of its own.
     *
     * @throws IllegalArgumentException if one does not
     */
    public Graph {
        inputs = List.copyOf(inputs);
        parameters = List.copyOf(parameters);
        nodes = List.copyOf(nodes);
        outputs = List.copyOf(outputs);
        updates = List.copyOf(updates);
        Map<String, Map<String, String>> copies = new TreeMap<>();
        attributes.forEach((name, map) -> copies.put(name, Collections.unmodifiableMap(new TreeMap<>(map))));
        attributes = Collections.unmodifiableMap(copies);
        outputNames = List.copyOf(outputNames);
        GraphVerifier.verifyOutputNames(outputs.size(), outputNames);
        GraphVerifier.verify(inputs, parameters, nodes, outputs, updates, attributes);
    }

    /**
     * One output of a variable or node.
     *
     * @param value number of the variable (inputs, then parameters) or node (after all variables)
     * @param output index among its outputs, 0 for variables
     */
    public record Ref(int value, int output) {}

    /**
     * Data passed to each run.
     *
     * @param name its name
     * @param spec its shape and dtype
     */
    public record Input(String name, Spec spec) {}

    /**
     * An array kept between runs.
     *
     * @param name its unique name, such as {@code 0.weight}
     * @param spec its shape and dtype
     * @param role its role
     * @param initializer its initializer; empty for constants, whose value is saved with the graph
     */
    public record ParameterInfo(String name, Spec spec, Role role, Optional<Initializer> initializer) {}

    /**
     * A call of an operator.
     *
     * @param name unique name, for messages
     * @param operator the operator with its attributes
     * @param inputs its inputs
     * @param outputs the specs of its outputs
     */
    public record Node(String name, Operator operator, List<Ref> inputs, List<Spec> outputs) {
        /** Makes the lists unmodifiable. */
        public Node {
            inputs = List.copyOf(inputs);
            outputs = List.copyOf(outputs);
        }
    }

    /**
     * A write to a parameter at the end of a run in train mode.
     *
     * @param parameter the parameter's name
     * @param value its new value
     */
    public record Update(String parameter, Ref value) {}

    /**
     * The names of outputs that were given none.
     *
     * @param count number of outputs
     * @return {@code output} for a single one, otherwise {@code output0}, {@code output1}, …
     */
    public static List<String> defaultOutputNames(int count) {
        return count == 1
                ? List.of("output")
                : IntStream.range(0, count).mapToObj(i -> "output" + i).toList();
    }

    /**
     * Returns this graph with other names for its outputs.
     *
     * @param names one unique name per output
     * @return the graph
     * @throws IllegalArgumentException if there is not one name per output, or two are equal
     */
    public Graph withOutputNames(List<String> names) {
        return new Graph(inputs, parameters, nodes, outputs, updates, attributes, names);
    }

    /**
     * Finds a value by name. A name is, in this order: that of an output; of an input; of a node, for its first output,
     * or {@code node:k} for output k; or of a block, such as {@code hidden.0}, for the one value that leaves the block.
     *
     * @param name the name
     * @return the value
     * @throws IllegalArgumentException if nothing has the name, or several values leave the block
     */
    public Ref find(String name) {
        return new NamedValues(this).find(name);
    }

    /**
     * Returns the part of this graph that computes some of its values, as outputs with the given names. Inputs, parameters
     * and nodes that they do not need are left out.
     *
     * @param names names of values, as {@link #find} accepts them
     * @return the part
     * @throws IllegalArgumentException if there is no such value
     */
    public Graph upTo(List<String> names) {
        return new NamedValues(this).upTo(names);
    }

    /**
     * The number of variables: inputs and parameters.
     *
     * @return the number of the first node
     */
    public int variableCount() {
        return inputs.size() + parameters.size();
    }

    /**
     * Shape and dtype of a value.
     *
     * @param ref the value
     * @return its spec
     */
    public Spec spec(Ref ref) {
        int i = ref.value();
        if (i < inputs.size()) {
            return inputs.get(i).spec();
        }
        i -= inputs.size();
        return i < parameters.size()
                ? parameters.get(i).spec()
                : nodes.get(i - parameters.size()).outputs().get(ref.output());
    }

    /**
     * The specs of the outputs for given inputs, by applying the rules of all nodes again.
     *
     * @param data shape and dtype of each input
     * @return shape and dtype of each output
     * @throws ShapeException if an input does not fit, or a node's inputs do not, in which case the node is named
     */
    public Spec[] infer(Spec... data) {
        if (data.length != inputs.size()) {
            throw new IllegalArgumentException("graph: needs " + inputs.size() + " inputs, got " + data.length);
        }
        List<Spec[]> values = new ArrayList<>();
        for (int i = 0; i < data.length; i++) {
            Spec needed = inputs.get(i).spec();
            if (needed.dtype() != data[i].dtype() || !needed.shape().accepts(data[i].shape())) {
                throw new ShapeException(
                        "graph: input " + inputs.get(i).name() + " needs " + needed + ", got " + data[i]);
            }
            values.add(new Spec[] {data[i]});
        }
        parameters.forEach(p -> values.add(new Spec[] {p.spec()}));
        for (Node n : nodes) {
            Spec[] in = n.inputs().stream()
                    .map(r -> values.get(r.value())[r.output()])
                    .toArray(Spec[]::new);
            try {
                values.add(n.operator().infer(in));
            } catch (ShapeException e) {
                throw new ShapeException("in node " + n.name() + ": " + e.getMessage());
            }
        }
        return outputs.stream().map(r -> values.get(r.value())[r.output()]).toArray(Spec[]::new);
    }

    /**
     * Whether a node's operator is of a given kind, here or in the graphs that operators run.
     *
     * @param kind a class or interface of operators
     * @return true if there is one
     */
    public boolean has(Class<? extends Operator> kind) {
        return nodes.stream()
                .anyMatch(n -> kind.isInstance(n.operator())
                        || n.operator() instanceof GraphOperator g
                                && g.graphs().stream().anyMatch(inner -> inner.has(kind)));
    }

    /**
     * Runs the graph node by node. Operators are recorded if autograd records, follow train or predict mode, and their
     * results belong to the current scope; intermediate results are freed as early as possible if nothing records them.
     *
     * @param values the parameters by name
     * @param data one array per input
     * @return one array per output
     */
    public NDArray[] run(Map<String, NDArray> values, NDArray... data) {
        return new Interpreter(this, values).run(data);
    }

    /**
     * Returns the JSON form.
     *
     * @return text that {@link #fromJson} reads
     */
    public String toJson() {
        return GraphJson.write(this);
    }

    /**
     * Reads the JSON form.
     *
     * @param json text written by {@link #toJson}
     * @return the graph
     * @throws IllegalArgumentException if it is not a graph, has an unknown version, or contains a dangling reference
     */
    public static Graph fromJson(String json) {
        return GraphJson.read(json);
    }
}
