package io.kiln.symbol;

import io.kiln.autograd.GradReq;
import io.kiln.compile.CompileOptions;
import io.kiln.graph.Graph;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.op.FluentOperand;
import io.kiln.op.Operator;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * A computation composed by hand: one or several outputs of operators on variables, as in MXNet. Composing computes
 * nothing and needs no shapes.
 *
 * <pre>{@code
 * Symbol data = Symbol.variable("data");
 * Symbol h = Symbol.op("linear").named("fc1").set("units", 128).of(data).relu();
 * Symbol y = Symbol.op("linear").named("fc2").set("units", 10).of(h);
 * y.listArguments();                                        // data, fc1_weight, fc1_bias, fc2_weight, fc2_bias
 * y.inferShape(Map.of("data", Shape.of(32, 784)));          // fc1_weight [128,784], …
 * Executor run = y.simpleBind(Map.of("data", Shape.of(32, 784)), GradReq.WRITE);
 * }</pre>
 *
 * <p>A symbol becomes the same kind of {@link Graph} as a traced block, by {@link #toGraph}, and has the same JSON
 * form.
 *
 * <p>Concurrency: immutable; names and attributes of new symbols depend on the thread's {@link SymbolScope}.
 */
public final class Symbol extends FluentOperand<Symbol> {
    private final List<SymbolNode.Output> heads;
    private final Map<SymbolNode, SymbolNode.Output> updates;

    Symbol(List<SymbolNode.Output> heads, Map<SymbolNode, SymbolNode.Output> updates) {
        this.heads = List.copyOf(heads);
        this.updates = updates;
    }

    /** One output, with the updates known to its parts. */
    static Symbol of(SymbolNode.Output head, List<Symbol> parts) {
        Map<SymbolNode, SymbolNode.Output> updates = new IdentityHashMap<>();
        parts.forEach(p -> updates.putAll(p.updates));
        return new Symbol(List.of(head), updates);
    }

    @Override
    protected Symbol self() {
        return this;
    }

    @Override
    protected Symbol apply(Operator operator) {
        return of(operator, this);
    }

    @Override
    protected Symbol apply(Operator operator, Symbol second) {
        return of(operator, this, second);
    }

    @Override
    protected Symbol apply(Operator operator, Symbol second, Symbol third) {
        return of(operator, this, second, third);
    }

    @Override
    protected int axis(int axis) {
        return axis;
    }

    List<SymbolNode.Output> heads() {
        return heads;
    }

    Map<SymbolNode, SymbolNode.Output> updates() {
        return updates;
    }

    SymbolNode.Output single(String where) {
        if (heads.size() != 1) {
            throw new IllegalArgumentException(
                    where + ": needs a symbol of one output, got a group of " + heads.size() + "; pick one with get");
        }
        return heads.get(0);
    }

    private SymbolWalk walk() {
        return new SymbolWalk(heads);
    }

    /**
     * A variable without declared properties. {@link SymbolVariable} declares more.
     *
     * @param name its name, unique in the network
     * @return the variable
     */
    public static Symbol variable(String name) {
        return SymbolVariable.named(name).make();
    }

    /**
     * A variable with a shape.
     *
     * @param name its name, unique in the network
     * @param shape its shape, {@link Shape#UNKNOWN} for sizes to be inferred
     * @return the variable
     */
    public static Symbol variable(String name, Shape shape) {
        return SymbolVariable.named(name).shape(shape.dims()).make();
    }

    /**
     * Begins the composition of an operator given by name.
     *
     * @param operator its name: that of its record with a lower-case first letter, such as {@code linear}
     * @return the composition, which takes attributes and inputs
     * @throws IllegalArgumentException if there is no such operator
     */
    public static Composition op(String operator) {
        return new Composition(operator, null);
    }

    /**
     * Begins the composition of an operator.
     *
     * @param operator the operator with its attributes
     * @return the composition, which takes sizes and inputs
     */
    public static Composition op(Operator operator) {
        return new Composition(operator.name(), operator);
    }

    /**
     * An operator on symbols, under an automatic name.
     *
     * @param operator the operator with its attributes
     * @param inputs its inputs by position; omitted ones become variables
     * @return its first output
     */
    public static Symbol of(Operator operator, Symbol... inputs) {
        return op(operator).of(inputs);
    }

    /**
     * Combines several symbols into one.
     *
     * @param symbols the symbols
     * @return a symbol with the outputs of all of them
     */
    public static Symbol group(Symbol... symbols) {
        Map<SymbolNode, SymbolNode.Output> updates = new IdentityHashMap<>();
        Stream.of(symbols).forEach(s -> updates.putAll(s.updates));
        return new Symbol(Stream.of(symbols).flatMap(s -> s.heads.stream()).toList(), updates);
    }

    /**
     * Replaces variables with symbols, by position.
     *
     * @param replacements symbols with one output, in the order of {@link #listArguments}; further variables stay
     * @return a new symbol; this one is not changed
     */
    public Symbol compose(Symbol... replacements) {
        List<String> names = listArguments();
        if (replacements.length > names.size()) {
            throw new IllegalArgumentException(
                    "compose: the symbol has " + names.size() + " arguments " + names + ", got " + replacements.length);
        }
        Map<String, Symbol> byName = new LinkedHashMap<>();
        for (int i = 0; i < replacements.length; i++) {
            byName.put(names.get(i), replacements[i]);
        }
        return compose(byName);
    }

    /**
     * Replaces variables with symbols, by name.
     *
     * @param replacements symbols with one output, by the name of the variable
     * @return a new symbol; this one is not changed
     */
    public Symbol compose(Map<String, Symbol> replacements) {
        Map<String, SymbolNode> names = walk().byName();
        Map<SymbolNode, SymbolNode.Output> changed = new IdentityHashMap<>();
        replacements.forEach((name, s) -> {
            SymbolNode v = names.get(name);
            if (v == null || !v.isVariable()) {
                throw new IllegalArgumentException(
                        "compose: the symbol has no variable " + name + ", only " + listArguments());
            }
            changed.put(v, s.single("compose: " + name));
        });
        Map<SymbolNode, SymbolNode> copies = new IdentityHashMap<>();
        List<SymbolNode.Output> all = new ArrayList<>(heads);
        all.addAll(updates.values());
        for (SymbolNode n : new SymbolWalk(all).nodes) {
            List<SymbolNode.Output> inputs =
                    n.inputs.stream().map(o -> moved(o, changed, copies)).toList();
            copies.put(n, inputs.equals(n.inputs) ? n : n.withInputs(inputs));
        }
        Map<SymbolNode, SymbolNode.Output> newUpdates = new IdentityHashMap<>();
        replacements.values().forEach(s -> newUpdates.putAll(s.updates));
        updates.forEach((v, o) -> newUpdates.put(v, moved(o, changed, copies)));
        return new Symbol(heads.stream().map(o -> moved(o, changed, copies)).toList(), newUpdates);
    }

    private static SymbolNode.Output moved(
            SymbolNode.Output o, Map<SymbolNode, SymbolNode.Output> changed, Map<SymbolNode, SymbolNode> copies) {
        SymbolNode.Output replacement = changed.get(o.node());
        return replacement != null ? replacement : copies.get(o.node()).output(o.index());
    }

    /**
     * The number of outputs.
     *
     * @return outputs
     */
    public int size() {
        return heads.size();
    }

    /**
     * One output.
     *
     * @param index index of the output, from 0
     * @return a symbol of that output alone
     */
    public Symbol get(int index) {
        return new Symbol(List.of(heads.get(index)), updates);
    }

    /**
     * One output.
     *
     * @param name its name as in {@link #listOutputs}, such as {@code fc1_output}
     * @return a symbol of that output alone
     * @throws IllegalArgumentException if there is no such output
     */
    public Symbol get(String name) {
        return heads.stream()
                .filter(h -> h.name().equals(name))
                .findFirst()
                .map(h -> new Symbol(List.of(h), updates))
                .orElseThrow(() ->
                        new IllegalArgumentException("symbol: has no output " + name + ", only " + listOutputs()));
    }

    /**
     * Another output of this symbol's operator, such as the mask of dropout.
     *
     * @param index index of the operator's output, from 0
     * @return a symbol of that output alone
     */
    public Symbol output(int index) {
        return new Symbol(List.of(single("output").node().output(index)), updates);
    }

    /**
     * All values on which the outputs depend, as outputs: variables, and outputs of operators.
     *
     * @return a group; {@link #get(String)} picks from it
     */
    public Symbol internals() {
        return new Symbol(walk().values(heads), updates);
    }

    /**
     * The inputs of this symbol's operator.
     *
     * @return a group; empty for variables
     */
    public Symbol children() {
        return new Symbol(single("children").node().inputs, updates);
    }

    /**
     * The name of this symbol's variable or operator.
     *
     * @return the name
     */
    public String name() {
        return single("name").node().name;
    }

    /**
     * The variables except auxiliary states, in the order in which the outputs reach them.
     *
     * @return their names
     */
    public List<String> listArguments() {
        return variables(false);
    }

    /**
     * The variables that runs in train mode overwrite: running statistics.
     *
     * @return their names
     */
    public List<String> listAuxiliaryStates() {
        return variables(true);
    }

    private List<String> variables(boolean auxiliary) {
        SymbolWalk walk = walk();
        return walk.variables().stream()
                .filter(v -> auxiliary == (walk.role(v) != null && walk.role(v).isAuxiliary()))
                .map(v -> v.name)
                .toList();
    }

    /**
     * The outputs.
     *
     * @return their names: {@code fc1_output}, {@code bn_output1} for a second one, or the name of a variable
     */
    public List<String> listOutputs() {
        return heads.stream().map(SymbolNode.Output::name).toList();
    }

    /**
     * A free attribute of this symbol's variable or operator.
     *
     * @param key the attribute's name
     * @return its text
     */
    public Optional<String> attribute(String key) {
        return Optional.ofNullable(single("attribute").node().attributes.get(key));
    }

    /**
     * The free attributes of all variables and operators.
     *
     * @return attributes by name of the node; nodes without any are omitted
     */
    public Map<String, Map<String, String>> attributes() {
        Map<String, Map<String, String>> all = new TreeMap<>();
        walk().nodes.stream().filter(n -> !n.attributes.isEmpty()).forEach(n -> all.put(n.name, n.attributes));
        return all;
    }

    /**
     * Infers all shapes and dtypes.
     *
     * @param shapes known shapes of variables, in addition to their declarations
     * @return shapes and dtypes, all of them known
     * @throws io.kiln.ndarray.ShapeException if shapes contradict each other, naming node and shapes, or too little is
     *     known
     */
    public InferredSpecs inferShape(Map<String, Shape> shapes) {
        return infer(shapes, Map.of());
    }

    /**
     * Infers what can be inferred from the given shapes, which may be none.
     *
     * @param shapes known shapes of variables, in addition to their declarations
     * @return the inferred shapes and dtypes
     * @throws io.kiln.ndarray.ShapeException if shapes contradict each other, naming node and shapes
     */
    public InferredSpecs inferShapePartial(Map<String, Shape> shapes) {
        return new Inference(walk(), shapes, Map.of()).known(heads);
    }

    /**
     * Infers what can be inferred from dtypes and the declared shapes of variables: an operator's rule gives both
     * together, so dtypes behind a shape of unknown rank stay unknown.
     *
     * @param types dtypes of variables; others are float32, or for parameters the dtype of the data
     * @return the inferred shapes and dtypes
     */
    public InferredSpecs inferType(Map<String, DType> types) {
        return new Inference(walk(), Map.of(), types).known(heads);
    }

    /**
     * Infers all shapes and dtypes.
     *
     * @param shapes known shapes of variables, in addition to their declarations
     * @param types dtypes of variables; others are float32, or for parameters the dtype of the data
     * @return shapes and dtypes, all of them known
     * @throws io.kiln.ndarray.ShapeException if shapes contradict each other, naming node and shapes, or too little is
     *     known
     */
    public InferredSpecs infer(Map<String, Shape> shapes, Map<String, DType> types) {
        Inference inference = new Inference(walk(), shapes, types);
        inference.checkComplete();
        return inference.known(heads);
    }

    /**
     * Converts to a graph. Variables with a role become its parameters, the others its inputs.
     *
     * @param shapes known shapes of variables, in addition to their declarations; sizes such as the batch may stay
     *     unknown
     * @return the graph
     * @throws io.kiln.ndarray.ShapeException if shapes contradict each other, or the rank of a value or the shape of a
     *     parameter is unknown
     */
    public Graph toGraph(Map<String, Shape> shapes) {
        return toGraph(shapes, Map.of());
    }

    /**
     * Converts to a graph. Variables with a role become its parameters, the others its inputs.
     *
     * @param shapes known shapes of variables, in addition to their declarations; sizes such as the batch may stay
     *     unknown
     * @param types dtypes of variables; others are float32, or for parameters the dtype of the data
     * @return the graph
     */
    public Graph toGraph(Map<String, Shape> shapes, Map<String, DType> types) {
        SymbolWalk main = walk();
        Map<SymbolNode, SymbolNode.Output> written = main.updates(updates);
        List<SymbolNode.Output> all = new ArrayList<>(heads);
        all.addAll(written.values());
        SymbolWalk walk = new SymbolWalk(all);
        return SymbolGraph.write(walk, heads, written, new Inference(walk, shapes, types));
    }

    /**
     * Converts a graph to a symbol.
     *
     * @param graph the graph
     * @return a symbol with all its outputs
     */
    public static Symbol fromGraph(Graph graph) {
        return SymbolGraph.read(graph);
    }

    /**
     * The JSON form of {@link #toGraph}.
     *
     * @param shapes known shapes of variables, in addition to their declarations
     * @return text that {@link #fromJson} and {@link Graph#fromJson} read
     */
    public String toJson(Map<String, Shape> shapes) {
        return toGraph(shapes).toJson();
    }

    /**
     * Reads the JSON form of a graph.
     *
     * @param json text written by {@link #toJson} or {@link Graph#toJson}
     * @return the symbol
     * @throws IllegalArgumentException if it is not a graph
     */
    public static Symbol fromJson(String json) {
        return fromGraph(Graph.fromJson(json));
    }

    /**
     * Binds the symbol to arrays.
     *
     * @param arguments an array for each argument
     * @param auxiliaryStates an array for each auxiliary state
     * @param requests how backward passes store gradients, by argument; omitted ones get none
     * @return the executor
     */
    public Executor bind(
            Map<String, NDArray> arguments, Map<String, NDArray> auxiliaryStates, Map<String, GradReq> requests) {
        return bind(arguments, auxiliaryStates, requests, new CompileOptions());
    }

    /**
     * Binds the symbol to arrays.
     *
     * @param arguments an array for each argument
     * @param auxiliaryStates an array for each auxiliary state
     * @param requests how backward passes store gradients, by argument; omitted ones get none
     * @param options how to compile
     * @return the executor
     */
    public Executor bind(
            Map<String, NDArray> arguments,
            Map<String, NDArray> auxiliaryStates,
            Map<String, GradReq> requests,
            CompileOptions options) {
        return Executor.bind(this, arguments, auxiliaryStates, requests, options);
    }

    /**
     * Creates arrays for all variables and binds the symbol to them: parameters are initialized by their initializers
     * with the thread's random generator, data are zeros.
     *
     * @param shapes known shapes of variables, in addition to their declarations
     * @param request how backward passes store the gradients of all floating arguments
     * @return the executor
     */
    public Executor simpleBind(Map<String, Shape> shapes, GradReq request) {
        return Executor.simpleBind(this, shapes, request, new CompileOptions());
    }

    /** {@return the names of the outputs and of the variables} */
    @Override
    public String toString() {
        return "symbol " + listOutputs() + " of " + listArguments();
    }

    /** Whether another object is a symbol with the same outputs of the same nodes. */
    @Override
    public boolean equals(Object o) {
        return o instanceof Symbol s && heads.equals(s.heads);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(heads.toArray());
    }
}
