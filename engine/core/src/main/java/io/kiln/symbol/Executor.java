package io.kiln.symbol;

import io.kiln.autograd.GradReq;
import io.kiln.backend.Backend;
import io.kiln.backend.Backends;
import io.kiln.compile.CompileOptions;
import io.kiln.compile.Executable;
import io.kiln.compile.GraphCompiler;
import io.kiln.graph.Graph;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A symbol bound to arrays: it runs forward and backward on them, compiled for their shapes by the first pass of each
 * mode.
 *
 * <p>Life cycle: {@link Symbol#bind} or {@link Symbol#simpleBind}; then forward, and after each forward pass in train
 * mode at most one backward, which reads the bound arrays again; {@link #close()} frees the compiled programs. Outputs
 * belong to the scope in which forward was called. The bound arrays belong to their creator; those created by
 * {@code simpleBind}, and gradients, belong to the scope in which it was bound.
 *
 * <p>Concurrency: one thread at a time.
 */
public final class Executor implements AutoCloseable {
    private final Graph graph;
    private final List<String> outputNames;
    private final Map<String, NDArray> arguments;
    private final Map<String, NDArray> auxiliaryStates;
    private final Map<String, GradReq> requests = new LinkedHashMap<>();
    private final Map<String, NDArray> gradients = new LinkedHashMap<>();
    private final GraphCompiler compiler;
    private Executable differentiable;
    private Executable training;
    private Executable predicting;
    private Executable.Call call;
    private NDArray[] outputs;

    private Executor(
            Symbol symbol,
            Graph graph,
            Map<String, NDArray> arguments,
            Map<String, NDArray> auxiliaryStates,
            Map<String, GradReq> asked,
            CompileOptions options) {
        this.graph = graph;
        this.outputNames = symbol.listOutputs();
        this.arguments = arguments;
        this.auxiliaryStates = auxiliaryStates;
        Backend backend =
                arguments.values().stream().findFirst().map(NDArray::backend).orElseGet(Backends::current);
        this.compiler = new GraphCompiler(backend, options);
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
                gradients.put(name, a.factory().zeros(a.shape(), a.dtype()));
            }
        });
    }

    static Executor bind(
            Symbol symbol,
            Map<String, NDArray> arguments,
            Map<String, NDArray> auxiliaryStates,
            Map<String, GradReq> requests,
            CompileOptions options) {
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
        return new Executor(symbol, symbol.toGraph(shapes, types), ordered, states, requests, options);
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

    static Executor simpleBind(Symbol symbol, Map<String, Shape> shapes, GradReq request, CompileOptions options) {
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
        return bind(symbol, arguments, all, requests, options);
    }

    /**
     * Runs the forward pass on the bound arrays.
     *
     * @param train whether to run in train mode, so that a backward pass may follow and auxiliary states are updated
     * @return the outputs, new arrays
     */
    public List<NDArray> forward(boolean train) {
        drop();
        NDArray[] parameters = arrays(graph.parameters().stream().map(Graph.ParameterInfo::name));
        NDArray[] data = arrays(graph.inputs().stream().map(Graph.Input::name));
        if (train && !requests.isEmpty()) {
            if (differentiable == null) {
                differentiable = compiler.differentiable(graph, Map.of(), true, requests.keySet(), specs(data));
            }
            call = differentiable.begin(parameters, data);
            outputs = call.outputs();
        } else {
            Executable program = train ? training : predicting;
            if (program == null) {
                program = compiler.predictor(graph, Map.of(), train, specs(data));
                training = train ? program : training;
                predicting = train ? predicting : program;
            }
            outputs = program.run(parameters, data);
        }
        return List.of(outputs);
    }

    private NDArray[] arrays(Stream<String> names) {
        return names.map(n -> arguments.containsKey(n) ? arguments.get(n) : auxiliaryStates.get(n))
                .toArray(NDArray[]::new);
    }

    private static Spec[] specs(NDArray... data) {
        return Stream.of(data).map(NDArray::spec).toArray(Spec[]::new);
    }

    private void drop() {
        if (call != null) {
            call.close();
            call = null;
        }
    }

    /**
     * Copies data into arguments and runs the forward pass.
     *
     * @param train whether to run in train mode
     * @param data values by argument
     * @return the outputs, new arrays
     * @throws IllegalArgumentException if one is not an argument or has a different shape
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
     * @param outputGradients one per output, null for ones, or none at all for ones
     * @throws IllegalStateException if there was no forward pass in train mode
     */
    public void backward(NDArray... outputGradients) {
        if (call == null) {
            throw new IllegalStateException("backward: call forward(true) before, of a symbol bound with gradients");
        }
        if (outputGradients.length > 0 && outputGradients.length != outputs.length) {
            throw new IllegalArgumentException("backward: the symbol has " + outputs.length + " outputs, got "
                    + outputGradients.length + " gradients");
        }
        try (Scope scope = Scope.open()) {
            NDArray[] heads = differentiable.program().heads().stream()
                    .map(k -> head(k, outputGradients.length == 0 ? null : outputGradients[k]))
                    .toArray(NDArray[]::new);
            NDArray[] found = call.backward(heads);
            call = null;
            List<String> names = differentiable.program().gradients();
            requests.forEach((name, request) -> {
                int k = names.indexOf(name);
                NDArray target = gradients.get(name);
                if (request == GradReq.ADD && k >= 0) {
                    target.assign(target.add(found[k]));
                } else if (request != GradReq.ADD) {
                    target.assign(k >= 0 ? found[k] : target.factory().zeros(target.shape(), target.dtype()));
                }
            });
        }
    }

    private NDArray head(int output, NDArray gradient) {
        NDArray y = outputs[output];
        if (gradient == null) {
            return y.factory().ones(y.shape(), y.dtype());
        }
        if (!gradient.spec().equals(y.spec())) {
            throw new ShapeException("backward: output " + outputNames.get(output) + " needs a gradient " + y.spec()
                    + ", got " + gradient.spec());
        }
        return gradient;
    }

    /** Frees the compiled programs, and the values that a backward pass would need; the arrays stay. */
    @Override
    public void close() {
        drop();
        for (Executable e : new Executable[] {differentiable, training, predicting}) {
            if (e != null) {
                e.close();
            }
        }
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
     * @throws IllegalStateException if there was none
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
