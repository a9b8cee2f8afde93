package io.kiln.nn;

import io.kiln.autograd.Autograd;
import io.kiln.backend.Context;
import io.kiln.backend.CurrentLayer;
import io.kiln.compile.CompileOptions;
import io.kiln.format.SafeTensors;
import io.kiln.graph.Graph;
import io.kiln.graph.GraphBuilder;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.IndexRangeException;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.observe.Observation;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/**
 * A part of a network: a function with parameters, made of operators and of other blocks. Extend it and override {@link
 * #forward(NDArray)}; register children with {@link #addChild} and parameters with {@link #addParameter} (unregistered
 * ones are neither trained nor saved).
 *
 * <pre>{@code
 * final class Residual extends Block {
 *     private final Dense a = addChild("a", new Dense(64, Activation.RELU));
 *     private final Dense b = addChild("b", new Dense(64));
 *
 *     public NDArray forward(NDArray x) {
 *         return b.call(a.call(x)).add(x);
 *     }
 * }
 * }</pre>
 *
 * <p>The same forward code runs on data and is traced into a {@link Graph}; it must not depend on the values of arrays.
 * Parameters are named by their position in the network: {@code a.weight}, or {@code 0.weight} in a {@link Sequential}.
 *
 * <p>Life cycle: ends with {@link #close()}; a closed block rejects every use.
 *
 * <p>Concurrency: one thread at a time.
 */
public abstract class Block implements AutoCloseable {
    private final Map<String, Parameter> parameters = new LinkedHashMap<>();
    private final Map<String, Block> children = new LinkedHashMap<>();
    private String name;
    private volatile Hybrid hybrid;
    private volatile boolean closed;

    /** Creates the block. */
    protected Block() {}

    /**
     * Computes the output.
     *
     * @param x the input; its first axis is the batch
     * @return the output
     */
    public abstract NDArray forward(NDArray x);

    /**
     * Computes the outputs of a block with several inputs or outputs; such blocks override it.
     *
     * @param inputs the inputs
     * @return the outputs
     */
    public NDArray[] forwardAll(NDArray... inputs) {
        if (inputs.length != 1) {
            throw new IllegalArgumentException(
                    getClass().getSimpleName() + ": takes one input, got " + inputs.length + "; override forwardAll");
        }
        return new NDArray[] {forward(inputs[0])};
    }

    /**
     * Names of the inputs in a traced graph. A block with several inputs overrides it; the last ones may be optional.
     * A single input is called {@code input} if the block also accepts several.
     *
     * @return one unique name per input, in the order of {@link #forwardAll}; empty for {@code input}, or
     *     {@code input0}, {@code input1}, …
     */
    public List<String> inputNames() {
        return List.of();
    }

    /**
     * Names of the outputs in a traced graph. A block with several outputs overrides it; the names count if it gives as
     * many outputs.
     *
     * @return one unique name per output, in the order of {@link #forwardAll}; empty for the
     *     {@linkplain Graph#defaultOutputNames default names}
     */
    public List<String> outputNames() {
        return List.of();
    }

    /**
     * Runs the block as part of another: like {@link #forward(NDArray)}, and nodes of a traced graph are named after
     * this block. Arrays that the code creates from numbers, and parameters first used in this call, are on the device of
     * the input.
     *
     * @param x the input
     * @return the output
     */
    public final NDArray call(NDArray x) {
        return run(() -> new NDArray[] {forward(x)}, x)[0];
    }

    /**
     * Runs a block with several inputs or outputs as part of another, on the device of the first input.
     *
     * @param inputs the inputs
     * @return the outputs
     */
    public final NDArray[] callAll(NDArray... inputs) {
        return run(() -> forwardAll(inputs), inputs);
    }

    private NDArray[] run(Call code, NDArray... inputs) {
        checkOpen();
        GraphBuilder builder = GraphBuilder.current();
        if (builder != null) {
            return traced(builder, code);
        }
        Hybrid compiled = hybrid;
        Observation observation = Observation.current();
        try (Context.Switch there = beside(inputs);
                CurrentLayer layer = CurrentLayer.enter(name)) {
            if (observation != null) {
                return observation.block(name, () -> compiled == null ? code.run() : compiled.call(inputs));
            }
            return compiled == null ? code.run() : compiled.call(inputs);
        } catch (IndexRangeException e) {
            throw e.within(name);
        }
    }

    /** Switches this thread to the device of the data; null if there are none. */
    private static Context.Switch beside(NDArray... data) {
        return data.length == 0 || data[0].isTraced() ? null : Context.switchTo(data[0].backend());
    }

    /** Compiles the block from now on: {@link #hybridize(CompileOptions)} with the default options. */
    public final void hybridize() {
        hybridize(new CompileOptions());
    }

    /**
     * Compiles the block from now on. The first {@link #call} with inputs of new shapes and dtypes, in train or predict
     * mode, traces {@link #forward(NDArray)} and compiles it; further calls run the compiled program. Outputs,
     * gradients, statistics and random numbers are those of the uncompiled block. Arrays that are not parameters are
     * captured as they are when the block is traced. Several threads may call a hybridized block in predict mode at
     * once.
     *
     * @param options how to compile
     */
    public final void hybridize(CompileOptions options) {
        checkOpen();
        Hybrid old = hybrid;
        hybrid = new Hybrid(this, options);
        if (old != null) {
            old.close();
        }
    }

    /** Runs the block operator by operator again. */
    public final void dehybridize() {
        Hybrid old = hybrid;
        hybrid = null;
        if (old != null) {
            old.close();
        }
    }

    private interface Call {
        NDArray[] run();
    }

    private NDArray[] traced(GraphBuilder builder, Call call) {
        if (!TraceNames.isOpen()) {
            try (TraceNames names = TraceNames.of(this)) {
                return call.run();
            }
        }
        if (name == null) {
            return call.run();
        }
        builder.enter(name);
        try {
            return call.run();
        } finally {
            builder.leave();
        }
    }

    /**
     * Registers a parameter of this block.
     *
     * @param parameter the parameter
     * @return the parameter
     * @throws IllegalArgumentException if the block already has a parameter of that name
     */
    protected final Parameter addParameter(Parameter parameter) {
        checkName(parameter.name());
        parameters.put(parameter.name(), parameter);
        return parameter;
    }

    /**
     * Registers a child block.
     *
     * @param <B> the block's type
     * @param childName its name within this block
     * @param child the block; if registered in several places, it shares its parameters
     * @return the block
     * @throws IllegalArgumentException if the block already has a child of that name
     */
    protected final <B extends Block> B addChild(String childName, B child) {
        checkName(childName);
        children.put(childName, child);
        ((Block) child).name = childName;
        return child;
    }

    private void checkName(String newName) {
        if (newName.isEmpty() || parameters.containsKey(newName) || children.containsKey(newName)) {
            throw new IllegalArgumentException(getClass().getSimpleName()
                    + ": a parameter or block needs a name that is" + " not taken, got \"" + newName + "\"");
        }
    }

    /**
     * Returns the child blocks.
     *
     * @return an unmodifiable view, by name
     */
    public final Map<String, Block> children() {
        return Collections.unmodifiableMap(children);
    }

    /**
     * Returns all parameters of this block and its descendants, each once, in order of registration.
     *
     * @return the parameters by structural name, such as {@code 0.weight}
     */
    public final Map<String, Parameter> parameters() {
        Map<String, Parameter> all = new LinkedHashMap<>();
        collect("", all, Collections.newSetFromMap(new IdentityHashMap<>()));
        return all;
    }

    private void collect(String prefix, Map<String, Parameter> all, Set<Object> seen) {
        if (!seen.add(this)) {
            return;
        }
        parameters.forEach((n, p) -> {
            if (seen.add(p)) {
                all.put(prefix + n, p);
            }
        });
        children.forEach((n, b) -> b.collect(prefix + n + ".", all, seen));
    }

    /**
     * Initializes all parameters: the value of each depends on its initializer, the seed and its name, so that a
     * network and its graph start with the same values. Values are created on first use, on the device of the data with
     * which the network is called. A block that is never initialized draws from the random generator of the thread that
     * first calls it.
     *
     * @param seed the seed
     */
    public final void initialize(long seed) {
        parameters().forEach((n, p) -> {
            if (p.initializer() != null) {
                p.initialize(seed, n);
            }
        });
    }

    /**
     * Returns the values of all parameters.
     *
     * @return arrays by structural name; they belong to the parameters
     * @throws IllegalStateException if a shape is not known yet
     */
    public final Map<String, NDArray> values() {
        Map<String, NDArray> values = new LinkedHashMap<>();
        parameters().forEach((n, p) -> values.put(n, p.value()));
        return values;
    }

    /**
     * Traces the network to a graph. Unknown shapes of parameters are inferred and kept.
     *
     * @param inputs shape and dtype of each input; the batch may be {@link Shape#UNKNOWN}
     * @return the graph, whose parameters are named as in {@link #parameters()}
     * @throws IllegalStateException if the code uses arrays with data other than parameters; {@link #toGraphBlock}
     *     keeps those
     */
    public final Graph trace(Spec... inputs) {
        return trace(false, inputs).graph();
    }

    /**
     * The result of {@link #capture}.
     *
     * @param graph the graph
     * @param constants arrays with data that the code used and that are not parameters, by name; not copied
     */
    public record Traced(Graph graph, Map<String, NDArray> constants) {}

    private Traced trace(boolean constantsAllowed, Spec... inputs) {
        Traced traced = named(capture(TraceNames::of, namesFor(inputs.length), this::forwardAll, inputs));
        if (!constantsAllowed && !traced.constants().isEmpty()) {
            throw new IllegalStateException("trace: the network uses arrays that are no parameters: "
                    + traced.constants().values().stream().map(NDArray::spec).toList()
                    + "; register them as parameters of role CONSTANT, or take toGraphBlock");
        }
        return traced;
    }

    /**
     * Traces code that uses this block to a graph, for example with a loss.
     *
     * @param code computes outputs from arrays that stand for the inputs
     * @param inputs shape and dtype of each input
     * @return the graph, whose parameters are named as in {@link #parameters()}, and the constants that it needs
     */
    public final Traced capture(UnaryOperator<NDArray[]> code, Spec... inputs) {
        return capture(TraceNames::of, defaultInputNames(inputs.length), code, inputs);
    }

    private List<String> namesFor(int inputs) {
        List<String> own = inputNames();
        boolean named = own.size() == inputs || inputs > 1 && inputs < own.size();
        return named ? own.subList(0, inputs) : defaultInputNames(inputs);
    }

    private static List<String> defaultInputNames(int count) {
        return count == 1
                ? List.of("input")
                : IntStream.range(0, count).mapToObj(i -> "input" + i).toList();
    }

    private Traced named(Traced traced) {
        List<String> own = outputNames();
        return own.isEmpty() || own.size() != traced.graph().outputs().size()
                ? traced
                : new Traced(traced.graph().withOutputNames(own), traced.constants());
    }

    /**
     * Traces the network to a graph without changing this block: shapes inferred from the inputs are set in the graph
     * only. The same block may be traced this way for inputs of different widths, as long as its parameters have no
     * data.
     *
     * @param inputs shape and dtype of each input; the batch may be {@link Shape#UNKNOWN}
     * @return the graph, whose parameters are named as in {@link #parameters()}, and the constants that it needs
     * @throws io.kiln.ndarray.ShapeException if a parameter has data of another shape than the inputs require
     */
    public final Traced traceCopy(Spec... inputs) {
        return named(capture(TraceNames::ofCopy, namesFor(inputs.length), this::forwardAll, inputs));
    }

    private Traced capture(
            Function<Block, TraceNames> naming, List<String> names, UnaryOperator<NDArray[]> code, Spec... inputs) {
        checkOpen();
        try (GraphBuilder builder = GraphBuilder.open();
                TraceNames parameterNames = naming.apply(this)) {
            NDArray[] data = new NDArray[inputs.length];
            for (int i = 0; i < inputs.length; i++) {
                data[i] = builder.input(names.get(i), inputs[i]);
            }
            Graph graph = builder.build(code.apply(data));
            return new Traced(graph, builder.constantValues());
        }
    }

    /**
     * Copies the network: its graph with copies of all values.
     *
     * @param inputs shape and dtype of each input; the batch may be {@link Shape#UNKNOWN}
     * @return a block that computes the same
     */
    public final GraphBlock toGraphBlock(Spec... inputs) {
        Traced traced = trace(true, inputs);
        GraphBlock copy = new GraphBlock(traced.graph());
        Map<String, Parameter> targets = copy.parameters();
        traced.constants().forEach((n, v) -> targets.get(n).set(v));
        parameters().forEach((n, p) -> {
            if (targets.containsKey(n)) {
                targets.get(n).set(p.value());
            }
        });
        return copy;
    }

    /**
     * Infers all shapes by tracing, without computing anything.
     *
     * @param inputs shape of each float32 input; the batch may be {@link Shape#UNKNOWN}
     */
    public final void inferShapes(Shape... inputs) {
        Spec[] specs = new Spec[inputs.length];
        for (int i = 0; i < inputs.length; i++) {
            specs[i] = new Spec(inputs[i], DType.FLOAT32);
        }
        inferShapes(specs);
    }

    final void inferShapes(Spec... inputs) {
        trace(true, inputs);
    }

    /**
     * Writes the values of all parameters to a safetensors file, under their structural names.
     *
     * @param file the file, replaced atomically
     * @throws IOException if writing fails
     */
    public final void save(Path file) throws IOException {
        SafeTensors.write(file, values(), Map.of());
    }

    /**
     * Reads the values of all parameters from a safetensors file.
     *
     * @param file a file written by {@link #save}
     * @throws IOException if reading fails or the file is damaged
     * @throws IllegalArgumentException if names or shapes differ
     */
    public final void load(Path file) throws IOException {
        try (Scope scope = Scope.open()) {
            load(SafeTensors.read(file).tensors());
        }
    }

    /**
     * Copies values to all parameters.
     *
     * @param values arrays by structural name; they are copied
     * @throws IllegalArgumentException if names differ
     */
    public final void load(Map<String, NDArray> values) {
        Map<String, Parameter> all = parameters();
        if (!all.keySet().equals(values.keySet())) {
            Set<String> missing = new LinkedHashSet<>(all.keySet());
            missing.removeAll(values.keySet());
            Set<String> unknown = new LinkedHashSet<>(values.keySet());
            unknown.removeAll(all.keySet());
            throw new IllegalArgumentException(
                    "load: the values do not belong to this network: missing " + missing + ", unknown " + unknown);
        }
        all.forEach((n, p) -> p.set(values.get(n)));
    }

    /** Clears the gradients of all parameters, as before accumulating with {@link io.kiln.autograd.GradReq#ADD}. */
    public final void zeroGradients() {
        parameters().values().stream()
                .filter(p -> p.isTrained() && p.hasData())
                .forEach(p -> Autograd.zeroGradient(p.value()));
    }

    /**
     * Frees the values and gradients of all parameters, and the compiled programs. After that neither this block nor
     * its descendants can be used.
     */
    @Override
    public void close() {
        Hybrid compiled = hybrid;
        if (compiled != null) {
            compiled.close();
        }
        parameters().values().forEach(Parameter::retire);
        retire();
    }

    private void retire() {
        if (!closed) {
            closed = true;
            children.values().forEach(Block::retire);
        }
    }

    private void checkOpen() {
        if (closed) {
            throw new IllegalStateException(
                    getClass().getSimpleName() + (name == null ? "" : " " + name)
                            + ": the block is closed and its parameters are gone; close it after its last use, or make a new one");
        }
    }
}
