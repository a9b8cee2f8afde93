package io.kiln.symbol;

import io.kiln.autograd.Autograd;
import io.kiln.autograd.GradReq;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.op.Alias;
import io.kiln.op.Dispatch;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A symbol joined with arrays: it runs forward and backward on them.
 *
 * <p>Life cycle: {@link Symbol#bind} or {@link Symbol#simpleBind}; then forward, and backward after a forward pass in train
 * mode, as often as wanted. Outputs and what backward needs belong to the scope in which forward was called, which must still
 * be open in backward. The bound arrays belong to whoever made them; those made by {@code simpleBind}, and gradients, to the
 * scope in which it was bound.
 *
 * <p>Concurrency: one thread at a time.
 */
public final class Executor {
    private final Graph graph;
    private final List<String> outputNames;
    private final Map<String, NDArray> arguments;
    private final Map<String, NDArray> auxiliaryStates;
    private final Map<String, GradReq> requests = new LinkedHashMap<>();
    private final Map<String, NDArray> gradients = new LinkedHashMap<>();
    private Map<String, NDArray> recorded = Map.of();
    private NDArray[] outputs;

    private Executor(
            Symbol symbol,
            Graph graph,
            Map<String, NDArray> arguments,
            Map<String, NDArray> auxiliaryStates,
            Map<String, GradReq> asked) {
        this.graph = graph;
        this.outputNames = symbol.listOutputs();
        this.arguments = arguments;
        this.auxiliaryStates = auxiliaryStates;
        for (String name : asked.keySet()) {
            if (!arguments.containsKey(name)) {
                throw new IllegalArgumentException(
                        "bind: a gradient is asked for " + name + ", which is no argument of " + arguments.keySet());
            }
        }
        arguments.forEach((name, a) -> {
            GradReq request = asked.getOrDefault(name, GradReq.NULL);
            if (request != GradReq.NULL) {
                if (!a.dtype().isFloating()) {
                    throw new IllegalArgumentException(
                            "bind: the gradient of " + name + " needs a floating dtype, got " + a.spec());
                }
                requests.put(name, request);
                gradients.put(name, NDArray.zeros(a.shape(), a.dtype()));
            }
        });
    }

    static Executor bind(
            Symbol symbol,
            Map<String, NDArray> arguments,
            Map<String, NDArray> auxiliaryStates,
            Map<String, GradReq> requests) {
        Map<String, NDArray> ordered = ordered("argument", symbol.listArguments(), arguments);
        Map<String, NDArray> states = ordered("auxiliary state", symbol.listAuxiliaryStates(), auxiliaryStates);
        Map<String, Shape> shapes = new HashMap<>();
        Map<String, DType> types = new HashMap<>();
        for (Map<String, NDArray> map : List.of(ordered, states)) {
            map.forEach((n, a) -> {
                shapes.put(n, a.shape());
                types.put(n, a.dtype());
            });
        }
        return new Executor(symbol, symbol.toGraph(shapes, types), ordered, states, requests);
    }

    private static Map<String, NDArray> ordered(String what, List<String> names, Map<String, NDArray> arrays) {
        Map<String, NDArray> ordered = new LinkedHashMap<>();
        names.stream().filter(arrays::containsKey).forEach(n -> ordered.put(n, arrays.get(n)));
        if (ordered.size() != names.size() || arrays.size() != names.size()) {
            Set<String> missing = new LinkedHashSet<>(names);
            missing.removeAll(arrays.keySet());
            Set<String> unknown = new LinkedHashSet<>(arrays.keySet());
            names.forEach(unknown::remove);
            throw new IllegalArgumentException(
                    "bind: one array per " + what + " is needed: missing " + missing + ", unknown " + unknown);
        }
        return ordered;
    }

    static Executor simpleBind(Symbol symbol, Map<String, Shape> shapes, GradReq request) {
        symbol.inferShape(shapes);
        Graph graph = symbol.toGraph(shapes);
        Map<String, NDArray> all = new HashMap<>();
        graph.inputs()
                .forEach(i -> all.put(
                        i.name(), NDArray.zeros(i.spec().shape(), i.spec().dtype())));
        graph.parameters()
                .forEach(p -> all.put(
                        p.name(),
                        p.initializer()
                                .map(i ->
                                        i.create(p.spec().shape()).cast(p.spec().dtype()))
                                .orElseGet(() ->
                                        NDArray.zeros(p.spec().shape(), p.spec().dtype()))));
        Map<String, NDArray> arguments = new HashMap<>(all);
        arguments.keySet().retainAll(symbol.listArguments());
        all.keySet().removeAll(arguments.keySet());
        Map<String, GradReq> requests = new HashMap<>();
        arguments.forEach((n, a) -> requests.put(n, a.dtype().isFloating() ? request : GradReq.NULL));
        return bind(symbol, arguments, all, requests);
    }

    /**
     * Runs the symbol.
     *
     * @param train whether it runs in train mode and can be differentiated
     * @return the outputs
     */
    public List<NDArray> forward(boolean train) {
        Map<String, NDArray> values = new HashMap<>(auxiliaryStates);
        recorded = new LinkedHashMap<>();
        arguments.forEach((name, a) -> {
            boolean differentiated = train && requests.containsKey(name);
            // The alias is the variable: what autograd knows of the caller's array stays as it is.
            NDArray x = differentiated
                    ? Autograd.attachGradient(Dispatch.withoutGradient(new Alias(), a), GradReq.WRITE)
                    : a;
            values.put(name, x);
            if (differentiated) {
                recorded.put(name, x);
            }
        });
        NDArray[] data = graph.inputs().stream().map(i -> values.get(i.name())).toArray(NDArray[]::new);
        try (Autograd.Mode mode = train ? Autograd.record() : Autograd.pause()) {
            outputs = graph.run(values, data);
        }
        return List.of(outputs);
    }

    /**
     * Overwrites arguments and runs the symbol.
     *
     * @param train whether it runs in train mode and can be differentiated
     * @param data new values of arguments, of their shapes
     * @return the outputs
     */
    public List<NDArray> forward(boolean train, Map<String, NDArray> data) {
        data.forEach((name, value) -> {
            NDArray a = arguments.get(name);
            if (a == null || !a.shape().equals(value.shape())) {
                throw new IllegalArgumentException("forward: " + name + " " + value.spec()
                        + " does not fit the argument "
                        + (a == null ? "names " + arguments.keySet() : a.spec() + "; bind again for another shape"));
            }
            a.assign(value);
        });
        return forward(train);
    }

    /**
     * Computes the gradients of the outputs of the last forward pass, and writes or adds them to {@link #gradients()}.
     *
     * @param outputGradients one per output, or none for ones
     * @throws IllegalStateException when there was no forward pass in train mode
     */
    public void backward(NDArray... outputGradients) {
        if (recorded.isEmpty()) {
            throw new IllegalStateException("backward: call forward(true) before, of a symbol bound with gradients");
        }
        if (outputGradients.length > 0 && outputGradients.length != outputs.length) {
            throw new IllegalArgumentException("backward: the symbol has " + outputs.length + " outputs, got "
                    + outputGradients.length + " gradients");
        }
        List<NDArray> heads = new ArrayList<>();
        List<NDArray> headGradients = new ArrayList<>();
        for (int i = 0; i < outputs.length; i++) {
            if (outputs[i].gradientState() != null) {
                heads.add(outputs[i]);
                headGradients.add(outputGradients.length == 0 ? null : outputGradients[i]);
            }
        }
        List<NDArray> found = Autograd.grad(heads, List.copyOf(recorded.values()), headGradients, false, false);
        int i = 0;
        for (String name : recorded.keySet()) {
            NDArray target = gradients.get(name);
            NDArray g = found.get(i++);
            target.assign(requests.get(name) == GradReq.ADD ? target.add(g) : g);
            g.close();
        }
        recorded = Map.of();
    }

    /**
     * The arguments.
     *
     * @return the bound arrays by name; overwrite them to run on other values
     */
    public Map<String, NDArray> arguments() {
        return Collections.unmodifiableMap(arguments);
    }

    /**
     * The gradients.
     *
     * @return arrays by argument, which each backward pass writes or adds to; zeros before the first
     */
    public Map<String, NDArray> gradients() {
        return Collections.unmodifiableMap(gradients);
    }

    /**
     * The auxiliary states.
     *
     * @return the bound arrays by name, which forward passes in train mode overwrite
     */
    public Map<String, NDArray> auxiliaryStates() {
        return Collections.unmodifiableMap(auxiliaryStates);
    }

    /**
     * The outputs of the last forward pass.
     *
     * @return arrays by name, as in {@link Symbol#listOutputs}
     * @throws IllegalStateException when there was none
     */
    public Map<String, NDArray> outputs() {
        if (outputs == null) {
            throw new IllegalStateException("outputs: call forward first");
        }
        Map<String, NDArray> map = new LinkedHashMap<>();
        for (int i = 0; i < outputs.length; i++) {
            map.put(outputNames.get(i), outputs[i]);
        }
        return map;
    }

    /** {@return the names of arguments and outputs} */
    @Override
    public String toString() {
        return "executor of " + arguments.keySet() + " to " + outputNames;
    }
}
