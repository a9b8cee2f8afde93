package io.kiln.graph;

import io.kiln.backend.Context;
import io.kiln.init.Initializer;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.op.Operator;
import io.kiln.op.Role;
import io.kiln.op.Tracer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Builds a {@link Graph} by running Java code on traced arrays: every operator with a traced input becomes a node.
 *
 * <p>Life cycle: open on a thread, create inputs, run the code, {@link #build}, close. One graph at a time per thread;
 * bodies of loops and branches are traced inside it.
 */
public final class GraphBuilder implements Tracer, AutoCloseable {
    private static final Context.Local<GraphBuilder> CURRENT = Context.local(Context.Part.TRACER, GraphBuilder.class);

    private final List<Graph.Input> inputs = new ArrayList<>();
    private final Map<String, Graph.ParameterInfo> parameters = new LinkedHashMap<>();
    private final Map<String, NDArray> traced = new HashMap<>();
    private final Map<NDArray, NDArray> constants = new IdentityHashMap<>();
    private final Map<String, NDArray> constantValues = new LinkedHashMap<>();
    private final List<Graph.Node> nodes = new ArrayList<>();
    private final Map<String, NDArray> updates = new LinkedHashMap<>();
    private final Map<String, Integer> names = new HashMap<>();
    private final Deque<String> scopes = new ArrayDeque<>();
    private final GraphBuilder outer;
    private final boolean body;
    private final Map<NDArray, NDArray> captures = new IdentityHashMap<>();
    private final List<NDArray> captured = new ArrayList<>();

    private GraphBuilder(GraphBuilder outer, boolean body) {
        this.outer = outer;
        this.body = body;
    }

    /**
     * Starts tracing on this thread.
     *
     * @return the builder, to be closed
     */
    public static GraphBuilder open() {
        if (CURRENT.get() != null) {
            throw new IllegalStateException("trace: this thread is tracing already");
        }
        GraphBuilder b = new GraphBuilder(null, false);
        CURRENT.set(b);
        return b;
    }

    /**
     * Starts tracing the body of a loop or branch on this thread, which may already be tracing. Values from the
     * surrounding code that the body uses become additional inputs, after those created by {@link #input}:
     * {@link #captured} lists them.
     *
     * @return the builder, to be closed
     */
    public static GraphBuilder openBody() {
        GraphBuilder b = new GraphBuilder(CURRENT.get(), true);
        CURRENT.set(b);
        return b;
    }

    /**
     * The builder of this thread.
     *
     * @return the builder, or null if this thread is not tracing
     */
    public static GraphBuilder current() {
        return CURRENT.get();
    }

    /** Ends this builder's tracing; the thread continues what it traced before. */
    @Override
    public void close() {
        if (CURRENT.get() == this) {
            CURRENT.set(outer);
        }
    }

    /**
     * The builder that handles a call on one of this builder's values: that of the body traced inside this graph, or
     * this one.
     */
    GraphBuilder innermost() {
        GraphBuilder now = CURRENT.get();
        return now != null && now.isInside(this) ? now : this;
    }

    private boolean isInside(GraphBuilder other) {
        for (GraphBuilder b = this; b != null; b = b.outer) {
            if (b == other) {
                return true;
            }
        }
        return false;
    }

    /**
     * Whether parameters are traced as such: false in a body that is traced outside any graph, which uses them as data.
     *
     * @return true if a graph is being traced
     */
    public boolean keepsParameters() {
        return outer != null ? outer.keepsParameters() : !body;
    }

    /**
     * The values from the surrounding code that a body has used so far.
     *
     * @return arrays with data, or traced by an outer builder, in the order of the inputs that stand for them
     */
    public List<NDArray> captured() {
        return captured;
    }

    // While building, parameters have numbers -1, -2, …, because the number of inputs is known only at the end.

    /**
     * Adds an input.
     *
     * @param name its unique name
     * @param spec its shape and dtype; unknown sizes allowed
     * @return the array that stands for it
     */
    public NDArray input(String name, Spec spec) {
        inputs.add(new Graph.Input(name, spec));
        return NDArray.traced(spec, new TracedValue(this, new Graph.Ref(-inputs.size(), 0)));
    }

    /**
     * Adds a parameter, or finds the one of that name.
     *
     * @param name its unique name
     * @param spec its shape and dtype
     * @param role its role
     * @param initializer its initializer
     * @return the array that stands for it
     */
    public NDArray parameter(String name, Spec spec, Role role, Initializer initializer) {
        return parameter(name, spec, role, Optional.of(initializer));
    }

    /**
     * Adds a parameter with the properties of another graph's.
     *
     * @param info the parameter
     * @return the array that stands for it
     */
    public NDArray parameter(Graph.ParameterInfo info) {
        return parameter(info.name(), info.spec(), info.role(), info.initializer());
    }

    private NDArray parameter(String name, Spec spec, Role role, Optional<Initializer> initializer) {
        if (outer != null) {
            return outer.parameter(name, spec, role, initializer);
        }
        return traced.computeIfAbsent(name, n -> {
            parameters.put(n, new Graph.ParameterInfo(n, spec, role, initializer));
            return NDArray.traced(spec, new TracedValue(this, new Graph.Ref(PARAMETER - parameters.size(), 0)));
        });
    }

    private static final int PARAMETER = -1_000_000;

    /**
     * Makes runs in train mode overwrite a parameter.
     *
     * @param parameter the parameter's name
     * @param value its new value, traced
     */
    public void update(String parameter, NDArray value) {
        if (body) {
            throw new IllegalStateException("trace: the body of a loop or branch updates " + parameter
                    + "; a running statistic can be kept outside of bodies only: normalise before or after it");
        }
        updates.put(parameter, value);
    }

    /**
     * Opens a naming scope, until {@link #leave}: nodes are named {@code scope/operator}.
     *
     * @param name name of a block
     */
    public void enter(String name) {
        scopes.addLast(name);
    }

    /** Ends the innermost {@link #enter}. */
    public void leave() {
        scopes.removeLast();
    }

    @Override
    public NDArray[] apply(Operator operator, NDArray... arrays) {
        Spec[] specs = new Spec[arrays.length];
        List<Graph.Ref> refs = new ArrayList<>();
        for (int i = 0; i < arrays.length; i++) {
            NDArray x = own(arrays[i]);
            if (TracedValue.of(x).builder() != this) {
                throw new IllegalStateException(operator.name() + ": input " + i + " belongs to another graph");
            }
            specs[i] = x.spec();
            refs.add(TracedValue.of(x).ref());
        }
        String name = uniqueName(operator.name());
        Spec[] results;
        try {
            results = operator.infer(specs);
        } catch (ShapeException e) {
            throw new ShapeException("in node " + name + ": " + e.getMessage());
        }
        nodes.add(new Graph.Node(name, operator, refs, Arrays.asList(results)));
        NDArray[] outputs = new NDArray[results.length];
        for (int i = 0; i < outputs.length; i++) {
            outputs[i] = NDArray.traced(results[i], new TracedValue(this, new Graph.Ref(nodes.size() - 1, i)));
        }
        return outputs;
    }

    private String uniqueName(String base) {
        String path = scopes.isEmpty() ? base : String.join(".", scopes) + "/" + base;
        int n = names.merge(path, 1, Integer::sum);
        return n == 1 ? path : path + "_" + n;
    }

    /** The array in this graph: captured from the surrounding code, a constant, or itself. */
    private NDArray own(NDArray x) {
        if (x.isTraced()
                && (TracedValue.of(x).builder() == this
                        || !isInside(TracedValue.of(x).builder()))) {
            return x;
        }
        if (!body) {
            return constant(x);
        }
        return captures.computeIfAbsent(x, value -> {
            captured.add(value);
            return input("captured" + captured.size(), value.spec());
        });
    }

    private NDArray constant(NDArray value) {
        return constants.computeIfAbsent(value, v -> {
            String name = "constant" + constantValues.size();
            for (int n = constantValues.size() + 1; traced.containsKey(name); n++) {
                name = "constant" + n;
            }
            constantValues.put(name, v);
            return parameter(name, v.spec(), Role.CONSTANT, Optional.empty());
        });
    }

    /**
     * The values of the graph's constants, to be stored with its parameters.
     *
     * @return arrays by parameter name
     */
    public Map<String, NDArray> constantValues() {
        return constantValues;
    }

    /**
     * Completes the graph.
     *
     * @param outputs its results, traced
     * @return the graph
     */
    public Graph build(NDArray... outputs) {
        // Outputs from outside add variables, and the numbers of nodes start after those.
        NDArray[] ends = Arrays.stream(outputs).map(this::own).toArray(NDArray[]::new);
        updates.replaceAll((name, value) -> own(value));
        Set<String> variables = new HashSet<>(parameters.keySet());
        inputs.forEach(i -> variables.add(i.name()));
        List<Graph.Node> finalNodes = nodes.stream()
                .map(n -> new Graph.Node(
                        besides(variables, n.name()),
                        n.operator(),
                        n.inputs().stream().map(this::finalRef).toList(),
                        n.outputs()))
                .toList();
        List<Graph.Ref> results = Arrays.stream(ends).map(this::finalRef).toList();
        List<Graph.Update> writes = updates.entrySet().stream()
                .map(e -> new Graph.Update(e.getKey(), finalRef(e.getValue())))
                .toList();
        return new Graph(inputs, List.copyOf(parameters.values()), finalNodes, results, writes);
    }

    /** A node's name, or another one if a variable has that name, such as a parameter named {@code mean}. */
    private String besides(Set<String> variables, String name) {
        String other = name;
        while (variables.contains(other)) {
            int n = names.merge(name, 1, Integer::sum);
            other = name + "_" + n;
        }
        return other;
    }

    private Graph.Ref finalRef(NDArray x) {
        return finalRef(TracedValue.of(x).ref());
    }

    private Graph.Ref finalRef(Graph.Ref r) {
        if (r.value() >= 0) {
            return new Graph.Ref(inputs.size() + parameters.size() + r.value(), r.output());
        }
        return new Graph.Ref(
                r.value() > PARAMETER ? -r.value() - 1 : inputs.size() + PARAMETER - r.value() - 1, r.output());
    }

    String describe(Graph.Ref r) {
        if (r.value() >= 0) {
            return "output " + r.output() + " of node " + nodes.get(r.value()).name();
        }
        return r.value() > PARAMETER
                ? "input " + inputs.get(-r.value() - 1).name()
                : "parameter " + List.copyOf(parameters.keySet()).get(PARAMETER - r.value() - 1);
    }
}
